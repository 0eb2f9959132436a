import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSecret } from '../../functions/report/secret-at.ts';
import type { Job } from '../../functions/job/job.ts';
import { keys, prefixes } from '../../functions/job/keys.ts';
import type { Summary } from '../../functions/job/summary.ts';
import { log } from '../../functions/log.ts';
import type { Channel } from '../../functions/report/notices.ts';
import { tick } from '../../functions/report/tick.ts';
import { topicChannel } from '../../functions/report/topic-notice.ts';
import { webhook, type WebhookBody } from '../../functions/report/webhook.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { startWeb, type Web } from '../helpers/web.ts';

let stage: Stage;
let web: Web;
/** How the receiver answers, one after another; 204 when all are used up. */
let answers: number[];
let posts: { headers: IncomingHttpHeaders; body: WebhookBody; raw: string }[];
beforeEach(async () => {
  stage = await Stage.start();
  [answers, posts] = [[], []];
  web = await startWeb({
    '/1': html('One'),
    '/hook': (request, response) => {
      let raw = '';
      request.on('data', (chunk: Buffer) => (raw += chunk.toString()));
      request.on('end', () => {
        posts.push({ headers: request.headers, body: JSON.parse(raw) as WebhookBody, raw });
        response.writeHead(answers.shift() ?? 204, { location: '/elsewhere' }).end('ok');
      });
    },
  });
});
afterEach(async () => {
  await web[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

const hook = (more: Partial<Parameters<typeof webhook>[0]> = {}): Channel =>
  webhook({ url: `${web.url}/hook`, userAgent: 'urldrop/0.1', bucket: 'urldrop', now: stage.now, ...more });
const tickAt = (minutes: number, channels: readonly Channel[]) =>
  tick({ cloud: stage.cloud, log, now: () => Date.now() + minutes * 60_000, channels }, Number.POSITIVE_INFINITY);
const waiting = () => Array.fromAsync(stage.cloud.objects.list(prefixes.notices));

/** A job of one page, worked but not yet reported. */
async function worked(more: Partial<Job> = {}): Promise<Job> {
  const job = await stage.startJob('test', [{ url: `${web.url}/1` }], more);
  await stage.drain(stage.tools([scraper()]));
  return job;
}

describe('the end of a job', () => {
  it('is an object of its own, there only then and equal to the final summary', async () => {
    const job = await stage.startJob('test', [{ url: `${web.url}/1` }]);
    await tickAt(0, []);
    expect(await stage.cloud.objects.head(keys.finished(job.id))).toBeUndefined();
    await stage.drain(stage.tools([scraper()]));
    await tickAt(0, []);
    const finished = await stage.cloud.objects.getText(keys.finished(job.id));
    expect(JSON.parse(finished ?? '')).toMatchObject({ id: job.id, state: 'finished', finishedAt: expect.any(String) });
    expect(await stage.cloud.objects.getText(keys.summary(job.id))).toBe(finished);
  });

  it('is posted once, signed as Standard Webhooks has it', async () => {
    const job = await worked();
    const secret = `whsec_${Buffer.from('a key of 24 bytes or more').toString('base64')}`;
    const channel = hook({ readSecret: async () => secret });
    await tickAt(0, [channel]);
    await tickAt(120, [channel]);
    expect(posts).toHaveLength(1);
    const [{ headers, body, raw }] = posts as [(typeof posts)[number]];
    expect(body).toMatchObject({ type: 'job.finished', data: { bucket: 'urldrop', summary: { id: job.id, requests: { succeeded: 1 } } } });
    const signed = createHmac('sha256', 'a key of 24 bytes or more')
      .update(`${job.id}.${String(headers['webhook-timestamp'])}.${raw}`)
      .digest('base64');
    expect(headers).toMatchObject({ 'webhook-id': job.id, 'webhook-signature': `v1,${signed}`, 'content-type': 'application/json' });
    expect(Math.abs(Number(headers['webhook-timestamp']) - stage.now() / 1000)).toBeLessThan(60);
    expect(await waiting()).toEqual([]);
  });

  it('is posted again at later ticks, less and less often and under the same id, until the receiver takes it', async () => {
    await worked();
    answers = [500, 302, 429];
    const tried: number[] = [];
    for (let minute = 0; minute <= 20; minute++) {
      const before = posts.length;
      await tickAt(minute, [hook()]);
      if (posts.length > before) tried.push(minute);
    }
    expect(tried).toEqual([0, 1, 3, 7]);
    expect(new Set(posts.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await waiting()).toEqual([]);
  });

  it('that nobody takes is given up after hours, and the summary says so', async () => {
    const job = await worked();
    const dead = hook({ url: 'http://127.0.0.1:1/hook' });
    for (let minute = 0; (await waiting()).length > 0 || minute === 0; minute += 30) await tickAt(minute, [dead]);
    const summary = await stage.cloud.objects.getJson<Summary>(keys.summary(job.id));
    expect(summary).toMatchObject({
      state: 'finished',
      untold: { webhook: { tries: 15, error: expect.stringContaining('fetch failed') } },
    });
    expect(await stage.cloud.objects.getText(keys.report(job.id))).toContain('<h2>Not told</h2>');
  });

  it('is not posted again to a receiver that wants no more', async () => {
    const job = await worked();
    answers = [410];
    await tickAt(0, [hook()]);
    await tickAt(120, [hook()]);
    expect(posts).toHaveLength(1);
    expect(await stage.cloud.objects.getJson(keys.summary(job.id))).toMatchObject({
      untold: { webhook: { tries: 1, error: 'The receiver answered with status 410.' } },
    });
  });

  it('reaches one channel though the other is down, and a function that dies before telling tells later', async () => {
    await worked();
    let isDown = true;
    const topic: Channel = {
      name: 'topic',
      send: () => (isDown ? Promise.reject(new Error('down')) : Promise.resolve()),
    };
    // Dies right behind the job's end: nothing is told.
    const dying: Channel = { name: 'webhook', send: () => Promise.reject(new Error('the function is gone')) };
    await tickAt(0, [dying, topic]);
    await tickAt(2, [hook(), topic]);
    expect(posts).toHaveLength(1);
    expect(await waiting()).toHaveLength(1);
    isDown = false;
    await tickAt(10, [hook(), topic]);
    expect(posts).toHaveLength(1);
    expect(await waiting()).toEqual([]);
  });

  it('reaches the subscribers of an SNS topic, with attributes to filter by', async () => {
    const [sns, sqs] = [new SNSClient({}), new SQSClient({})];
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'ended' }));
    stage.aws.server.createQueue('subscriber');
    const QueueUrl = `${stage.aws.endpoint}/000000000000/subscriber`;
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: Attributes?.['QueueArn'] ?? '' }));
    const job = await worked();
    await tickAt(0, [topicChannel(TopicArn, 'urldrop')]);
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    const message = JSON.parse(Messages[0]?.Body ?? '{}') as { Subject: string; Message: string; MessageAttributes: unknown };
    expect(message).toMatchObject({
      Subject: `urldrop: ${job.id} finished`,
      Message: expect.stringContaining('Requests: 1 (1 succeeded, 0 failed, 0 skipped)') as string,
      MessageAttributes: { state: { Type: 'String', Value: 'finished' }, scraper: { Value: 'test' } },
    });
    expect(message.Message).toContain(`s3://urldrop/jobs/${job.id}/report.html`);
    expect(await waiting()).toEqual([]);
    sns.destroy();
    sqs.destroy();
  });

  it('of a firing that was left out is told to nobody', async () => {
    const at = new Date().toISOString();
    const enqueued = { requests: 0, roots: 0, duplicates: 0, failed: 0, errors: {}, hosts: 0, at };
    const job = await stage.startJob('test', [], { skippedFor: 'other', enqueued });
    await tickAt(0, [hook()]);
    expect(posts).toEqual([]);
    expect(await stage.cloud.objects.head(keys.finished(job.id))).toBeUndefined();
  });
});

describe('a secret', () => {
  it('is read from a file, without the line end behind it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'urldrop-secret-'));
    try {
      writeFileSync(join(dir, 'secret'), 'whsec_abc\n');
      expect(await readSecret(`file:${join(dir, 'secret')}`)).toBe('whsec_abc');
      await expect(readSecret('whsec_abc')).rejects.toThrow(
        /^A secret lies at secretsmanager:<name> or file:<path>, not at what was given\.$/,
      );
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
