import type { S3EventRecord } from 'aws-lambda';
import { expect, test } from 'vitest';
import { settings } from '../../../infra/settings.ts';
import { startEmbeddedAws } from '../../../infra/local/embedded-aws.ts';
import { SOON, tempDir, testCloud } from './clouds.ts';
import type { Ran } from './handlers/scrape.ts';

test('messages under way when the cloud stops come back at the next start, not after their visibility timeout', async () => {
  using dir = tempDir();
  {
    await using cloud = await testCloud({ dataDir: dir.path });
    await cloud.objects.put('urls/page/a.txt', 'a wait\nb wait\n');
    await Promise.all([cloud.wait<Ran>('ran/a/1'), cloud.wait<Ran>('ran/b/1')]);
  }
  await using cloud = await testCloud({ dataDir: dir.path });
  await Promise.all(['a', 'b'].map((lane) => cloud.objects.put(`go/${lane}`, '')));
  await Promise.all([cloud.wait<Ran>('ran/a/2'), cloud.wait<Ran>('ran/b/2')]);
  await expect.poll(() => cloud.aws.server.inspectQueue(settings.queues.requests.name)?.messages.inflight.length, SOON).toBe(0);
});

test('a stop with grace lets what is under way end', async () => {
  using dir = tempDir();
  {
    await using cloud = await testCloud({ dataDir: dir.path });
    await cloud.objects.put('urls/page/a.txt', 'a wait\n');
    await cloud.wait<Ran>('ran/a/1');
    const stopping = cloud.stop(60_000);
    await cloud.objects.put('go/a', '');
    await stopping;
  }
  await using cloud = await testCloud({ dataDir: dir.path });
  const { messages } = cloud.aws.server.inspectQueue(settings.queues.requests.name) ?? {};
  expect([messages?.ready, messages?.inflight]).toEqual([[], []]);
});

test('a stop with grace tells what is under way how long it has', async () => {
  using dir = tempDir();
  {
    await using cloud = await testCloud({ dataDir: dir.path });
    await cloud.objects.put('urls/page/a.txt', 'a last\n');
    await cloud.wait<Ran>('ran/a/1');
    await cloud.stop(20_000);
  }
  await using cloud = await testCloud({ dataDir: dir.path });
  const { messages } = cloud.aws.server.inspectQueue(settings.queues.requests.name) ?? {};
  expect([messages?.ready, messages?.inflight]).toEqual([[], []]);
});

test('an upload whose enqueue was killed is handled at the next start, as the same event', async () => {
  using dir = tempDir();
  const begun: S3EventRecord[] = [];
  for (let starts = 1; starts <= 2; starts++) {
    await using cloud = await testCloud({ dataDir: dir.path });
    if (starts === 1) await cloud.objects.put('urls/page/slow.txt', 'a pass\n');
    else await cloud.objects.put('go/enqueue', '');
    const keys = () => Array.fromAsync(cloud.objects.list('begun/'), (o) => o.key);
    await expect.poll(keys, SOON).toHaveLength(starts);
    begun.push(...(await Promise.all((await keys()).map((key) => cloud.wait<S3EventRecord>(key)))));
    if (starts === 2) await cloud.wait<Ran>('ran/a/1');
  }
  expect(begun).toEqual([begun[0], begun[0], begun[0]]);
});

test('an upload while no cloud was up is handled when one is, once', async () => {
  using dir = tempDir();
  const aws = await startEmbeddedAws({ dataDir: dir.path });
  await fetch(`${aws.endpoint}/urldrop/urls/page/a.txt`, { method: 'PUT', body: 'a pass\n' });
  const [upload] = aws.uploads.pending();
  await aws.stop();
  for (let starts = 1; starts <= 2; starts++) {
    await using cloud = await testCloud({ dataDir: dir.path });
    expect(await cloud.wait(`seen/${upload?.sequencer}`)).toMatchObject({ eventTime: upload?.at });
    await cloud.stop(60_000);
  }
  const after = await startEmbeddedAws({ dataDir: dir.path });
  expect(after.uploads.pending()).toEqual([]);
  await after.stop();
});

test('what settings say of a queue reaches one that an older version made', async () => {
  using dir = tempDir();
  {
    await using cloud = await testCloud({ dataDir: dir.path });
    cloud.aws.server.createQueue(settings.queues.postponed.name, { attributes: { VisibilityTimeout: '31' } });
  }
  await using cloud = await testCloud({ dataDir: dir.path });
  const { attributes } = cloud.aws.server.inspectQueue(settings.queues.postponed.name) ?? {};
  expect(attributes).toMatchObject({ VisibilityTimeout: String(settings.queues.postponed.visibilityTimeoutSeconds) });
});
