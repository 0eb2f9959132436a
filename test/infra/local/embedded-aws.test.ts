import { connect } from 'node:net';
import { once } from 'node:events';
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../../functions/job/errors.ts';
import { startEmbeddedAws } from '../../../infra/local/embedded-aws.ts';
import { expireObjects } from '../../../infra/local/expiry.ts';
import { settings } from '../../../infra/settings.ts';
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

test('internal objects of old jobs expire, users’ objects do not', () => {
  using dir = tempDir();
  const nowMs = Date.parse('2026-06-01T00:00:00Z');
  const days = settings.bucket.expireDays['outcomes/'];
  const write = (folder: string, ageDays: number) => {
    const path = join(dir.path, folder);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'x.data'), '');
    utimesSync(path, new Date(nowMs), new Date(nowMs - ageDays * 86_400_000));
    return path;
  };
  const old = write('outcomes/job-1', days + 1);
  const seen = write('state/seen/job-1', settings.bucket.expireDays['state/seen/'] + 1);
  const young = write('outcomes/job-2', days - 1);
  const results = write('results/scraper=page', 5_000);
  expireObjects(dir.path, nowMs);
  expect([old, seen, young, results].map((path) => existsSync(path))).toEqual([false, false, true, true]);
});
