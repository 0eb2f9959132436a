import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createClients } from '../../../functions/aws/clients.ts';
import { ObjectStore } from '../../../functions/aws/objects.ts';
import { SourceQueue } from '../../../functions/aws/source-queue.ts';
import { Queue } from '../../../functions/aws/queue.ts';
import { UsageError } from '../../../functions/job/errors.ts';
import { keys } from '../../../functions/job/keys.ts';
import { LOCAL_BUCKET, startEmbeddedAws } from '../../../infra/local/embedded-aws.ts';
import { tempDir } from './clouds.ts';

test('the embedded SQS and S3 answer on 127.0.0.1 and on no other address of the machine', async () => {
  const aws = await startEmbeddedAws();
  expect(aws.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await fetch(`${aws.endpoint}/health`)).status).toBe(200);
  // Also loopback, but another address: whoever listens on every interface answers there.
  const socket = connect(aws.server.port, '127.0.0.2');
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
  await aws.stop();
});

test('a port in use gets one message that names it', async () => {
  const aws = await startEmbeddedAws();
  const { port } = aws.server;
  await expect(startEmbeddedAws({ port })).rejects.toThrow(
    new UsageError('port', `Port ${port} is in use. Choose another with --port PORT, or none for a free one.`),
  );
  await aws.stop();
});

test('of all that is written, summaries are told of', async () => {
  let told = 0;
  const aws = await startEmbeddedAws({ onSummary: () => told++ });
  const objects = new ObjectStore(createClients(true, aws).s3, LOCAL_BUCKET);
  for (const key of [keys.job('a'), keys.report('a'), keys.input('a', 'summary.json'), keys.files('a', 'summary.json')])
    await objects.put(key, '{}');
  expect(told).toBe(0);
  await objects.put(keys.summary('a'), '{}');
  expect(told).toBe(1);
  await aws.stop();
});

test('a queue is empty when its last message is deleted, not when it is received', async () => {
  const aws = await startEmbeddedAws();
  const { sqs } = createClients(true, aws);
  const source = new SourceQueue(sqs, aws.queueUrls.requests);
  expect(aws.hasMessages('requests')).toBe(false);
  await new Queue(sqs, aws.queueUrls.requests).send([{ body: '{}', group: 'a', deduplicationId: 'a' }]);
  const [message] = await source.receive(1, 1, AbortSignal.timeout(60_000));
  expect(aws.hasMessages('requests')).toBe(true);
  await source.delete([message?.receiptHandle ?? '']);
  expect(aws.hasMessages('requests')).toBe(false);
  await new Queue(sqs, aws.queueUrls.postponed).send([{ body: '{}', delaySeconds: 900 }]);
  expect(aws.hasMessages('postponed')).toBe(true);
  await aws.stop();
});

test.each(['in memory', 'on disk'])('parts of a segment are what S3 would give of it, %s', async (where) => {
  using dir = tempDir();
  const aws = await startEmbeddedAws(where === 'on disk' ? { dataDir: dir.path } : {});
  const objects = new ObjectStore(createClients(true, aws).s3, LOCAL_BUCKET);
  const key = keys.segment('a', '000000');
  const bytes = randomBytes(100_000);
  await objects.put(key, bytes);
  const part = await objects.stream(key, { first: 50_000, last: 99_998 });
  expect(part?.etag).toBe((await objects.head(key))?.etag);
  expect(await part?.body.transformToByteArray()).toEqual(new Uint8Array(bytes.subarray(50_000, 99_999)));
  expect(await objects.get(key, { first: 0, last: 0 })).toEqual(bytes.subarray(0, 1));
  expect(await objects.get(key, { first: 99_000, last: 200_000 })).toEqual(bytes.subarray(99_000));
  await expect(objects.get(key, { first: 100_000, last: 100_001 })).rejects.toThrow('range');
  expect(await objects.get(keys.segment('a', '000001'), { first: 0, last: 1 })).toBeUndefined();
  await aws.stop();
});
