import { expect, it } from 'vitest';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { startWeb } from '../helpers/web.ts';

const SLOW_MS = 40_000;

it.each([
  ['ends after its minute where others wait for the room', () => false, [2]],
  ['lasts for ten answers of its host where nobody does', () => true, [9, 10, 11]],
  ['ends when somebody comes', (served: number) => served < 4, [4]],
])('a slice of a slow host %s', async (_what, mayLast, expected) => {
  await using stage = await Stage.start();
  let served = 0;
  await using web = await startWeb((path) =>
    path === '/robots.txt'
      ? undefined
      : (_, response) => {
          served++;
          stage.aheadMs += SLOW_MS;
          response.setHeader('content-type', 'text/html').end(html(path));
        },
  );
  const tools = stage.tools([scraper({ politeness: { concurrency: 1 } })]);
  const requests = Array.from({ length: 30 }, (_, i) => ({ url: `${web.url}/${i}` }));
  const job = await stage.startJob('test', requests, { unique: true });
  await stage.invoke(tools, undefined, 30 * SLOW_MS, () => mayLast(served));
  expect(expected).toContain((await stage.summary(job)).requests.succeeded);
  await stage.drain(tools);
  expect(web.log).toEqual(requests.map((_, i) => `/${i}`));
});

it("a slice never lasts longer than two thirds of its function's time", async () => {
  await using stage = await Stage.start();
  await using web = await startWeb((path) =>
    path === '/robots.txt'
      ? undefined
      : (_, response) => {
          stage.aheadMs += SLOW_MS;
          response.setHeader('content-type', 'text/html').end(html(path));
        },
  );
  const tools = stage.tools([scraper({ politeness: { concurrency: 1 } })]);
  const job = await stage.startJob(
    'test',
    Array.from({ length: 30 }, (_, i) => ({ url: `${web.url}/${i}` })),
  );
  await stage.invoke(tools, undefined, 4.5 * SLOW_MS, () => true);
  expect((await stage.summary(job)).requests.succeeded).toBe(3);
});
