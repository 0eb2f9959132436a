import { expect, test } from 'vitest';
import { settings } from '../../../infra/settings.ts';
import { UploadLog } from '../../../infra/local/upload-log.ts';
import { openDataDir } from '../../../infra/local/data-dir.ts';
import { tempDir, testCloud } from './clouds.ts';
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
  await expect.poll(() => cloud.aws.server.inspectQueue(settings.queues.requests.name)?.messages.inflight.length).toBe(0);
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

test('an upload whose event was not handled is handled at the next start, as the same event', async () => {
  using dir = tempDir();
  {
    await using cloud = await testCloud({ dataDir: dir.path });
    await cloud.objects.put('urls/page/a.txt', 'a pass\n');
    await cloud.wait<Ran>('ran/a/1');
  }
  // As a kill between the upload and the end of its enqueue would leave it.
  const data = openDataDir(dir.path);
  const upload = new UploadLog(data.uploads).record('urls/page/a.txt', 'ObjectCreated:Put', new Date('2026-01-02T03:04:05.678Z'));
  data.release();
  for (let starts = 1; starts <= 2; starts++) {
    await using cloud = await testCloud({ dataDir: dir.path });
    expect(await cloud.wait(`seen/${upload.sequencer}`)).toMatchObject({ eventTime: '2026-01-02T03:04:05.678Z' });
    await cloud.stop(60_000);
  }
  expect(new UploadLog(data.uploads).pending()).toEqual([]);
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
