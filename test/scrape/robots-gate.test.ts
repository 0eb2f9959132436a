import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Batch } from '../../functions/job/batch.ts';
import { keys } from '../../functions/job/keys.ts';
import type { Outcome } from '../../functions/job/outcome.ts';
import { SharedRobots } from '../../functions/scrape/shared-robots.ts';
import { errorLines, resultLines } from '../helpers/lines.ts';
import { openWeb } from '../helpers/open-web.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { startWeb, type Page, type Web } from '../helpers/web.ts';

const LANES = 4;
const DAY_MS = 86_400_000;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

/** A host that counts how often its robots.txt is asked for. */
async function countingHost(): Promise<{ readonly web: Web; readonly asked: () => number; readonly urls: readonly { url: string }[] }> {
  let asked = 0;
  const web = await openWeb((path) =>
    path === '/robots.txt' ? (_, response) => (asked++, response.end('User-agent: *\nDisallow: /3\n')) : html(path),
  );
  return { web, asked: () => asked, urls: Array.from({ length: 40 }, (_, i) => ({ url: `${web.url}/${i}` })) };
}

/** What is to be waited for is waited for in the queue, whose clock is the stage's: no test waits. */
const toolsOf = (more?: Parameters<typeof scraper>[0]) => stage.tools([scraper(more)], { options: { ...stage.options, maxWaitMs: 0 } });
const sharedObjects = async (): Promise<number> => (await Array.fromAsync(stage.cloud.objects.list('state/hosts/robots-'))).length;
const codes = async (): Promise<string[]> => (await errorLines(stage.cloud.objects)).map((e) => `${e.code} ${new URL(e.url).pathname}`);
const paths = async (): Promise<string[]> => (await resultLines(stage.cloud.objects)).map((r) => new URL(r.url).pathname).toSorted();

describe('the lanes of a split host', () => {
  it('ask for robots.txt once among them, at work at the same instant', async () => {
    const { asked, urls } = await countingHost();
    const tools = toolsOf();
    const job = await stage.startJob('test', urls, { lanes: LANES });
    const records = await stage.receive();
    expect(records).toHaveLength(LANES);
    await Promise.all(records.map((record) => stage.invoke(tools, [record])));
    await stage.drain(tools);
    expect(asked()).toBe(1);
    expect((await stage.summary(job)).requests).toMatchObject({ total: 40, succeeded: 29, skipped: { robots: 11 }, pending: 0 });
    expect(new Set((await errorLines(stage.cloud.objects)).map((line) => line.code))).toEqual(new Set(['robots']));
  });

  it('share the answer from job to job, for a day', async () => {
    const { asked, urls } = await countingHost();
    const tools = toolsOf();
    // One lane is at work alone; the others come later.
    await stage.startJob('test', urls.slice(0, 1), { lanes: LANES });
    await stage.drain(tools);
    await stage.startJob('test', urls, { lanes: LANES, id: 'test-two' });
    await stage.drain(tools);
    expect(asked()).toBe(1);
    stage.aheadMs += DAY_MS;
    await stage.startJob('test', urls, { lanes: LANES, id: 'test-three' });
    await stage.drain(tools);
    expect(asked()).toBe(2);
  });

  it('wait in the queue for one that asks; when it died over it, its next invocation asks at once', async () => {
    const { web, asked, urls } = await countingHost();
    const tools = toolsOf();
    await stage.startJob('test', urls, { lanes: LANES });
    const records = await stage.receive();
    const [dead, ...others] = records.map((record) => ({ record, batch: JSON.parse(record.body) as Batch }));
    if (!dead) throw new Error('Lanes were expected.');
    const nowMs = stage.now();
    const claim = { lane: dead.batch.lane, sinceMs: nowMs - 10_000, untilMs: nowMs + 60_000 };
    expect(await new SharedRobots(stage.cloud.objects).claim(web.url, claim, undefined)).toBe(true);
    await Promise.all(others.map(({ record }) => stage.invoke(tools, [record])));
    expect([asked(), web.log.length]).toEqual([0, 0]);
    for (const { batch } of others) {
      const { children = [] } = (await stage.cloud.objects.getJson<Outcome>(keys.outcome(batch.job, batch.id))) ?? {};
      expect(children.reduce((sum, child) => sum + child.count, 0)).toBe(batch.count);
      for (const child of children) expect(child.notBefore).toBeGreaterThanOrEqual(nowMs + 10_000);
    }
    await stage.invoke(tools, [dead.record]);
    expect(asked()).toBe(1);
    await stage.drain(tools);
    expect(asked()).toBe(1);
    expect(await paths()).toHaveLength(29);
  });

  it('ask in the place of one that never comes back', async () => {
    const { web, asked, urls } = await countingHost();
    const tools = toolsOf();
    await stage.startJob('test', urls, { lanes: LANES });
    const nowMs = stage.now();
    await new SharedRobots(stage.cloud.objects).claim(
      web.url,
      { lane: 'gone#9', sinceMs: nowMs - 10_000, untilMs: nowMs + 60_000 },
      undefined,
    );
    await stage.drain(tools);
    expect(asked()).toBe(1);
    expect(stage.now()).toBeGreaterThanOrEqual(nowMs + 60_000);
    expect(await paths()).toHaveLength(29);
  });

  it('hear of a robots.txt that cannot be had, and one asks again', async () => {
    let asked = 0;
    const web = await openWeb((path) =>
      path === '/robots.txt' ? (_, response) => (++asked === 1 ? response.writeHead(500).end() : response.end('')) : html(path),
    );
    const tools = toolsOf();
    await stage.startJob(
      'test',
      Array.from({ length: 20 }, (_, i) => ({ url: `${web.url}/${i}` })),
      { lanes: LANES },
    );
    await stage.drain(tools);
    expect(asked).toBe(2);
    expect(await paths()).toHaveLength(20);
  });
});

it('of lanes that saw the same, one gets the right to ask', async () => {
  const origin = 'https://a.example';
  const shared = new SharedRobots(stage.cloud.objects);
  const lanes = Array.from({ length: 8 }, (_, i) => `a.example#${i}`);
  const race = async (sinceMs: number): Promise<number> => {
    const seen = await Promise.all(lanes.map(() => shared.read(origin)));
    const asking = { sinceMs, untilMs: sinceMs + 1 };
    const won = await Promise.all(lanes.map((lane, i) => shared.claim(origin, { ...asking, lane }, seen[i])));
    return won.filter(Boolean).length;
  };
  // Nobody has asked yet; a claim that nobody used; an answer that is out of date.
  expect(await race(1)).toBe(1);
  expect(await race(2)).toBe(1);
  await shared.answer(origin, { fetchedMs: 0, expiresMs: 1 });
  expect(await race(3)).toBe(1);
});

describe('a robots.txt on another host', () => {
  const DELAY_MS = 30_000;
  const to =
    (location: string): Page =>
    (_, response) =>
      response.writeHead(301, { location }).end();

  it('is asked for once, in that host’s lane and at its pace', async () => {
    const arrivals: { path: string; atMs: number }[] = [];
    const there = await openWeb((path) => (_, response) => {
      arrivals.push({ path, atMs: stage.now() });
      response.setHeader('content-type', path.endsWith('.txt') ? 'text/plain' : 'text/html');
      response.end(path === '/rules.txt' ? 'User-agent: *\nDisallow: /no\n' : path === '/robots.txt' ? '' : html(path));
    });
    const web = await openWeb((path) => (path === '/robots.txt' ? to(`${there.url}/rules.txt`) : html(path)));
    const tools = toolsOf({ politeness: { delay: DELAY_MS } });
    const urls = [...['/a', '/b', '/no'].map((path) => web.url + path), ...['/x', '/y', '/z'].map((path) => there.url + path)];
    const job = await stage.startJob(
      'test',
      urls.map((url) => ({ url })),
    );
    await stage.drain(tools);
    expect(arrivals.map(({ path }) => path).toSorted()).toEqual(['/robots.txt', '/rules.txt', '/x', '/y', '/z']);
    // The stage's clock also runs by itself, and two readings of it may differ by a millisecond.
    for (const [i, { atMs }] of arrivals.entries()) expect(atMs - (arrivals[i - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(DELAY_MS - 5);
    expect(web.log).toEqual(expect.arrayContaining(['/a', '/b']));
    expect(await codes()).toEqual(['robots /no']);
    expect((await stage.summary(job)).requests).toMatchObject({ total: 6, succeeded: 5, skipped: { robots: 1 }, pending: 0 });
  });

  it('is followed over five hosts, and at the sixth counts as none', async () => {
    const rules = 'User-agent: *\nDisallow: /no\n';
    let next = await openWeb({ '/robots.txt': rules });
    for (let i = 0; i < 5; i++)
      next = await openWeb({ '/robots.txt': to(`${next.url}/robots.txt`), '/no': html('No'), '/yes': html('Yes') });
    const five = next;
    const six = await openWeb({ '/robots.txt': to(`${five.url}/robots.txt`), '/no': html('No'), '/yes': html('Yes') });
    const tools = toolsOf();
    await stage.startJob(
      'test',
      [five, six].flatMap(({ url }) => ['/no', '/yes'].map((path) => ({ url: url + path }))),
    );
    await stage.drain(tools);
    expect(await codes()).toEqual(['robots /no']);
    expect([five.log, six.log.toSorted()]).toEqual([['/yes'], ['/no', '/yes']]);
  });

  it('of a host that does not answer forbids, and each request ends with one line', async () => {
    const gone = await startWeb({});
    await gone[Symbol.asyncDispose]();
    const web = await openWeb((path) => (path === '/robots.txt' ? to(`${gone.url}/robots.txt`) : html(path)));
    const tools = toolsOf({ request: { retries: 1 } });
    const urls = Array.from({ length: 8 }, (_, i) => ({ url: `${web.url}/${i}` }));
    const job = await stage.startJob('test', urls);
    await stage.drain(tools);
    expect(web.log).toEqual([]);
    expect(await codes()).toHaveLength(8);
    expect(new Set((await errorLines(stage.cloud.objects)).map(({ code, attempts }) => `${code} ${attempts}`))).toEqual(
      new Set(['connect 2']),
    );
    expect((await stage.summary(job)).requests).toMatchObject({ total: 8, failed: 8, pending: 0 });
  });
});

it('costs hosts of one lane no object beside their state', async () => {
  const { asked, urls } = await countingHost();
  await stage.startJob('test', urls);
  await stage.drain(toolsOf());
  expect([asked(), await sharedObjects()]).toEqual([1, 0]);
});
