import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClients } from '../../functions/aws/clients.ts';
import { Queue } from '../../functions/aws/queue.ts';
import { jobId } from '../../functions/job/job-id.ts';
import { planOfSchedule, type ScheduleEvent } from '../../functions/enqueue/job-plan.ts';
import { LOCAL_BUCKET } from '../../infra/local/bucket-name.ts';
import { startLocalCloud, type LocalCloud } from '../../infra/local/local-cloud.ts';
import { settings, type FunctionName, type QueueName } from '../../infra/settings.ts';
import type { Note } from './handlers/note.ts';
import { functionNamed, named, ofType, plain, queueNamed, synthesise } from './synthesised.ts';

/** The local cloud, held against what CloudFormation would make: not against the settings that both are made from. */
const { template } = synthesise({ scrapers: { news: { schedule: 'cron(0 6 * * ? *)' } } });
const queueNames = Object.keys(settings.queues) as QueueName[];
const functionNames = Object.keys(settings.functions) as FunctionName[];
/** A module of its own for each function, though of one file. */
const note = (name: FunctionName) => new URL(`handlers/note.ts?${name}`, import.meta.url);

/** To the second: EventBridge Scheduler knows no smaller unit. The later one is for a machine that takes its time to start. */
const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19);
const planned = { soon: inSeconds(3), later: inSeconds(40) };

let cloud: LocalCloud;
beforeAll(async () => {
  cloud = await startLocalCloud({
    workers: 1,
    schedules: { soon: `at(${planned.soon})`, later: `at(${planned.later})` },
    handlers: { enqueue: note('enqueue'), scrape: note('scrape'), report: note('report') },
    onProblem: () => {},
  });
});
afterAll(() => cloud.stop(0));

/** The first note of a function that holds what is looked for, as soon as it is there; only the test's time limit ends the wait. */
async function noted(name: FunctionName, isIt: (n: Note) => boolean): Promise<Note> {
  for (;;) {
    for await (const { key } of cloud.objects.list(`noted/${name}/`)) {
      const found = await cloud.objects.getJson<Note>(key);
      if (found && isIt(found)) return found;
    }
    await sleep(20);
  }
}

const queueIds = new Map<string, QueueName>(queueNames.map((name) => [`<${queueNamed(template, name).id}>`, name]));
const functionIds = new Map<string, FunctionName>(functionNames.map((name) => [`<${functionNamed(template, name).id}>`, name]));
const mappings = Object.values(ofType(template, 'AWS::Lambda::EventSourceMapping')).map(({ Properties }) => ({
  queue: queueIds.get(plain(Properties.EventSourceArn)) as QueueName,
  function: functionIds.get(plain(Properties.FunctionName)) as FunctionName,
  batchSize: Properties.BatchSize as number,
}));

describe('queues', () => {
  test.each(queueNames)('%s has the attributes of the template', (name) => {
    const { properties } = queueNamed(template, name);
    const local = cloud.aws.server.inspectQueue(settings.queues[name].name)?.attributes ?? {};
    const redrive = properties.RedrivePolicy as { deadLetterTargetArn: unknown; maxReceiveCount: number } | undefined;

    expect(local).toMatchObject({
      VisibilityTimeout: String(properties.VisibilityTimeout),
      MessageRetentionPeriod: String(properties.MessageRetentionPeriod),
      ...(properties.FifoQueue === true && {
        FifoQueue: 'true',
        DeduplicationScope: properties.DeduplicationScope as string,
        FifoThroughputLimit: properties.FifoThroughputLimit as string,
      }),
    });
    expect(local['RedrivePolicy'] === undefined).toBe(redrive === undefined);
    const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(local['RedrivePolicy'] ?? '{}') as {
      deadLetterTargetArn?: string;
      maxReceiveCount?: number;
    };
    const target = redrive && queueIds.get(plain(redrive.deadLetterTargetArn));
    expect(deadLetterTargetArn?.split(':').at(-1)).toBe(target && settings.queues[target].name);
    expect(maxReceiveCount).toBe(redrive?.maxReceiveCount);
  });
});

describe('event sources', () => {
  test.each(mappings)('a message in $queue reaches $function, as the template maps them', async ({ queue, function: name }) => {
    const { endpoint, region, credentials, queueUrls } = cloud.aws;
    const { sqs } = createClients(true, { endpoint, region, credentials });
    const body = `to ${queue}`;
    await new Queue(sqs, queueUrls[queue]).send([{ body, ...(settings.queues[queue].fifo && { group: 'g', deduplicationId: queue }) }]);

    const { event } = await noted(name, (n) => n.event.Records?.some((record) => record.body === body) ?? false);

    expect(event.Records?.[0]?.eventSourceARN?.split(':').at(-1)).toBe(settings.queues[queue].name);
  });

  test.each(mappings)(
    '$function never gets more messages of $queue at once than the $batchSize of the template',
    async ({ queue, batchSize, ...to }) => {
      const { endpoint, region, credentials, queueUrls } = cloud.aws;
      const { sqs } = createClients(true, { endpoint, region, credentials });
      const bodies = Array.from({ length: 2 * batchSize + 5 }, (_, n) => `${n} of many to ${queue}`);
      const messages = bodies.map((body, n) => ({
        body,
        ...(settings.queues[queue].fifo && { group: `many ${n}`, deduplicationId: body }),
      }));
      await new Queue(sqs, queueUrls[queue]).send(messages);

      await Promise.all(bodies.map((body) => noted(to.function, (n) => n.event.Records?.some((record) => record.body === body) ?? false)));

      const sizes: number[] = [];
      for await (const { key } of cloud.objects.list(`noted/${to.function}/`)) {
        const records = (await cloud.objects.getJson<Note>(key))?.event.Records ?? [];
        if (records.some((record) => record.body?.endsWith(`many to ${queue}`))) sizes.push(records.length);
      }
      expect(Math.max(...sizes)).toBeLessThanOrEqual(batchSize);
      expect(Math.max(...sizes)).toBeGreaterThan(1);
    },
  );

  test('an upload under the prefix of the template’s notification starts enqueue, and no other does', async () => {
    const { NotificationConfiguration: notification } = named(
      template,
      'Custom::S3BucketNotifications',
      'UrlDropBucketNotifications',
    ).properties;
    const [{ LambdaFunctionArn, Filter }] = notification.LambdaFunctionConfigurations as [
      { LambdaFunctionArn: unknown; Filter: { Key: { FilterRules: { Value: string }[] } } },
    ];
    const prefix = Filter.Key.FilterRules[0]?.Value ?? '';
    for (const key of ['results/x', 'url', `x/${prefix}`, `${prefix}page/x`]) await cloud.objects.put(key, 'x');

    const uploads = await noted(functionIds.get(plain(LambdaFunctionArn)) as FunctionName, (n) => n.event.Records?.[0]?.s3 !== undefined);

    // They are handled in order: an earlier one would have been noted first.
    expect(uploads.event.Records?.map((record) => record.s3?.object.key)).toEqual([`${prefix}page/x`]);
  });

  test('the rule’s function is ticked', async () => {
    const [{ Arn }] = named(template, 'AWS::Events::Rule', 'UrlDropEveryMinute').properties.Targets as [{ Arn: unknown }];

    const { event } = await noted(functionIds.get(plain(Arn)) as FunctionName, (n) => n.event.Records === undefined);

    expect(event.Records).toBeUndefined();
  });
});

describe('functions', () => {
  test.each(functionNames)('%s has the time and memory of the template, and is told all that the template tells it', async (name) => {
    const { Timeout, MemorySize, Environment } = functionNamed(template, name).properties as {
      Timeout: number;
      MemorySize: number;
      Environment: { Variables: Record<string, unknown> };
    };
    const { remainingMs, memoryMb, environment } = await noted(name, () => true);

    expect(remainingMs).toBeLessThanOrEqual(Timeout * 1000);
    expect(remainingMs).toBeGreaterThan(Timeout * 1000 - 5_000);
    expect(memoryMb).toBe(MemorySize);
    const bucket = `<${named(template, 'AWS::S3::Bucket', 'UrlDropBucket').id}>`;
    const told = Object.entries(Environment.Variables).filter(([variable]) => variable.startsWith('URLDROP_'));
    const meant = new Map<string, string>([
      [bucket, LOCAL_BUCKET],
      ...Array.from(queueIds, ([id, queue]) => [id, cloud.aws.queueUrls[queue]] as const),
    ]);
    const references = told.flatMap(([variable, value]) => (meant.has(plain(value)) ? [[variable, meant.get(plain(value))]] : []));
    expect(references.length).toBe(3);
    expect(environment).toMatchObject(Object.fromEntries(references));
    // Who asks and how long a slice is differ on purpose: a laptop has no contact to name, and a person watches it.
    const own = new Set(['URLDROP_USER_AGENT', 'URLDROP_SLICE_MS']);
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(told.map(([variable]) => variable).filter((v) => !own.has(v))));
  });
});

describe('a schedule', () => {
  const { Target } = named(template, 'AWS::Scheduler::Schedule', 'UrlDropSchedulesnews').properties;
  const eventAt = (time: string) => JSON.parse((Target.Input as string).replace('<aws.scheduler.scheduled-time>', time)) as ScheduleEvent;

  test('starts the function of the template with its very event', async () => {
    const { event } = await noted(functionIds.get(plain(Target.Arn)) as FunctionName, (n) => n.event.kind === 'schedule');

    const scraper = (event as ScheduleEvent).scraper as keyof typeof planned;
    expect(event).toEqual({ ...eventAt(`${planned[scraper]}Z`), scraper });
  });

  test('has an event that enqueue reads, and two deliveries of it name one job', () => {
    const event = eventAt('2026-11-23T06:00:00Z');

    const [first, second] = [planOfSchedule(event, 1), planOfSchedule(event, 2)];

    expect(first).toMatchObject({ scraper: 'news', fromScraper: true });
    expect(first.id).toBe(jobId('news', new Date('2026-11-23T06:00:00Z'), 'schedule'));
    expect(second.id).toBe(first.id);
  });
});
