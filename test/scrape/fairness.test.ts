import { expect, it } from 'vitest';
import { memberTexts, writeSegment } from '../../functions/job/segment.ts';
import { sendBatches } from '../../functions/aws/cloud.ts';
import { keys } from '../../functions/job/keys.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { startWeb } from '../helpers/web.ts';

it('a small job on a host that a large one works on gets its turn within two slices', async () => {
  await using stage = await Stage.start();
  await using web = await startWeb((path) => (path === '/robots.txt' ? undefined : html(path)));
  let pages = 0;
  const slow = scraper({
    politeness: { concurrency: 1 },
    run: () => {
      // Twenty pages fill a slice.
      if (++pages % 20 === 0) stage.aheadMs += 61_000;
      return Promise.resolve({ items: [pages], follows: [], dropped: {} });
    },
  });
  const tools = stage.tools([slow]);
  const large = await stage.startJob('test', [], { id: 'large', unique: true });
  const requests = Array.from({ length: 100_000 }, (_, i) => ({ url: `${web.url}/large/${i}` }));
  const [segment] = await writeSegment(stage.cloud.objects, keys.segment(large.id, '0'), [memberTexts(requests)]);
  if (!segment) throw new Error('A segment was expected.');
  const root = { v: 1 as const, job: large.id, id: 'a'.repeat(32), lane: `127.0.0.1:${web.port}`, count: requests.length, segment };
  await sendBatches(stage.cloud, [root], stage.now());
  await stage.invoke(tools);
  expect(web.log).toHaveLength(20);
  const small = await stage.startJob(
    'test',
    Array.from({ length: 10 }, (_, i) => ({ url: `${web.url}/small/${i}` })),
    { id: 'small', unique: true },
  );
  await stage.invoke(tools);
  await stage.invoke(tools);
  expect(web.log.filter((path) => path.startsWith('/small/'))).toHaveLength(10);
  expect((await stage.summary(small)).state).toBe('finished');
  // The large one takes its turns as well: neither starves the other.
  await stage.invoke(tools);
  await stage.invoke(tools);
  expect(web.log.filter((path) => path.startsWith('/large/')).length).toBeGreaterThan(40);
});
