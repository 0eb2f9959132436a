import { SQSClient } from '@aws-sdk/client-sqs';
import type { S3EventRecord } from 'aws-lambda';
import { expect, test } from 'vitest';
import { SourceQueue } from '../../../functions/aws/source-queue.ts';
import { settings } from '../../../infra/settings.ts';
import { SOON, testCloud, tempDir, testHandlers } from './clouds.ts';
import type { Ran } from './handlers/scrape.ts';

test('an upload under urls/ reaches enqueue as the event that S3 sends, with its key encoded', async () => {
  await using cloud = await testCloud();
  await cloud.objects.put('urls/page/two words & más.txt', 'lane-1 pass\n');

  const ran = await cloud.wait<Ran>('ran/lane-1/1');
  const [sequencer = ''] = await Array.fromAsync(cloud.objects.list('seen/'), (o) => o.key.slice('seen/'.length));
  const record = await cloud.wait<S3EventRecord>(`seen/${sequencer}`);
  expect(record.eventName).toBe('ObjectCreated:Put');
  expect(record.s3.object).toMatchObject({ key: 'urls/page/two+words+%26+m%C3%A1s.txt', size: 12, sequencer });
  expect(record.s3.object.eTag).toMatch(/^[0-9a-f]{32}$/);
  expect(Math.abs(Date.parse(record.eventTime) - Date.now())).toBeLessThan(120_000);
  expect(ran.record).toMatchObject({
    body: 'lane-1 pass',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:requests.fifo',
    attributes: { ApproximateReceiveCount: '1', MessageGroupId: 'lane-1', MessageDeduplicationId: `${sequencer}-0` },
  });
  expect(Number(ran.record.attributes.SentTimestamp)).toBeGreaterThan(0);
});

test('an object uploaded in parts starts enqueue once, when it is whole', async () => {
  await using cloud = await testCloud();
  await cloud.objects.put('urls/page/large.txt', `lane-1 pass\n#${'x'.repeat(9 * 1024 * 1024)}`);

  await cloud.wait<Ran>('ran/lane-1/1');
  const seen = await Array.fromAsync(cloud.objects.list('seen/'), (o) => cloud.wait<S3EventRecord>(o.key));
  expect(seen.map((r) => r.eventName)).toEqual(['ObjectCreated:CompleteMultipartUpload']);
});

test('objects elsewhere in the bucket start nothing', async () => {
  await using cloud = await testCloud();
  await cloud.objects.put('results/urls/page/x.txt', 'lane-1 pass\n');
  await cloud.objects.put('urls/page/last.txt', 'lane-2 pass\n');

  await cloud.wait<Ran>('ran/lane-2/1');
  expect(await Array.fromAsync(cloud.objects.list('seen/'))).toHaveLength(1);
  expect(await Array.fromAsync(cloud.objects.list('ran/lane-1/'))).toHaveLength(0);
});

test('each function finds its own name, memory and time limit', async () => {
  await using cloud = await testCloud();
  await cloud.objects.put('urls/page/x.txt', 'lane-1 pass\n');

  const ran = await cloud.wait<Ran>('ran/lane-1/1');
  const { scrape, report } = settings.functions;
  expect(ran).toMatchObject({ functionName: 'scrape', memoryMb: scrape.memoryMb });
  expect(ran.remainingMs).toBeGreaterThan(scrape.timeoutSeconds * 900);
  expect(ran.remainingMs).toBeLessThanOrEqual(scrape.timeoutSeconds * 1000);
  await cloud.tick();
  expect(await cloud.wait('ticks')).toMatchObject({ memoryMb: report.memoryMb });
});

test('messages of one receive are dealt out over idle threads', async () => {
  await using cloud = await testCloud({ workers: 2 });
  // The first lane holds a thread until the others, which came in one receive, have run.
  await cloud.objects.put('urls/page/x.txt', ['a', 'b', 'c', 'd'].map((lane) => `${lane} wait\n`).join(''));
  const ran = await Promise.all(['a', 'b', 'c', 'd'].map((lane) => cloud.wait<Ran>(`ran/${lane}/1`)));
  expect(new Set(ran.map((r) => r.threadId)).size).toBe(2);
  await Promise.all(['a', 'b', 'c', 'd'].map((lane) => cloud.objects.put(`go/${lane}`, '')));
});

test('messages that a handler reports as failed come back, the others of the batch do not', async () => {
  await using cloud = await testCloud();
  await cloud.objects.put('urls/page/x.txt', 'bad fail\ngood pass\n');

  const again = await cloud.wait<Ran>('ran/bad/2');
  expect(again.record.attributes.ApproximateReceiveCount).toBe('2');
  const queue = () => cloud.aws.server.inspectQueue(settings.queues.requests.name);
  await expect.poll(() => [...(queue()?.messages.inflight ?? []), ...(queue()?.messages.ready ?? [])].length, SOON).toBe(0);
  expect(await Array.fromAsync(cloud.objects.list('ran/good/'))).toHaveLength(1);
  expect(cloud.problems).toEqual([]);
});

test('a message that no delivery survives ends in the dead-letter queue, and report hears of it', async () => {
  await using cloud = await testCloud();
  const { name } = settings.queues.requests;
  const policy = JSON.parse(cloud.aws.server.inspectQueue(name)?.attributes['RedrivePolicy'] ?? '{}') as object;
  // Fewer than the settings say: each death takes a second.
  const sqs = new SQSClient({ endpoint: cloud.aws.endpoint, region: cloud.aws.region, credentials: cloud.aws.credentials });
  await new SourceQueue(sqs, cloud.aws.queueUrls.requests).setAttributes({
    RedrivePolicy: JSON.stringify({ ...policy, maxReceiveCount: 2 }),
  });
  await cloud.objects.put('urls/page/x.txt', 'killer always-exit\n');

  const expected = { body: 'killer always-exit', eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:requests-dead.fifo' };
  expect(await cloud.wait('dead/killer')).toMatchObject(expected);
  expect(await Array.fromAsync(cloud.objects.list('ran/killer/'))).toHaveLength(2);
  sqs.destroy();
});

test('an enqueue that throws every time is tried as often as Lambda would, then its event waits in the dead-letter queue', async () => {
  await using cloud = await testCloud();
  await cloud.objects.put('urls/page/throw.txt', '');

  const dead = () => cloud.aws.server.inspectQueue(settings.queues.eventsDead.name)?.messages.ready ?? [];
  await expect.poll(() => dead().length, SOON).toBe(1);
  expect(JSON.parse(dead()[0]?.body ?? '{}')).toMatchObject({ Records: [{ s3: { object: { key: 'urls/page/throw.txt' } } }] });
  expect(cloud.problems.map((p) => p.kind)).toEqual(['function', 'function', 'upload']);
});

test('a handler that cannot be loaded is reported as such', async () => {
  using dir = tempDir();
  await using cloud = await testCloud({
    dataDir: dir.path,
    handlers: { ...testHandlers, scrape: new URL('handlers/broken.ts', import.meta.url) },
  });
  await cloud.objects.put('urls/page/x.txt', 'lane-1 pass\n');

  await expect
    .poll(() => cloud.problems[0], SOON)
    .toMatchObject({ kind: 'function', failure: { kind: 'load', function: 'scrape', message: 'this module cannot be loaded' } });
});
