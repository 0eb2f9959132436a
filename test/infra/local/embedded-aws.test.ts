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
