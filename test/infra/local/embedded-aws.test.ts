import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { UsageError } from '../../../functions/job/errors.ts';
import { startEmbeddedAws } from '../../../infra/local/embedded-aws.ts';

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
