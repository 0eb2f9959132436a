import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRetry } from '../../functions/enqueue/start-retry.ts';
import type { Batch } from '../../functions/job/batch.ts';
import { keys } from '../../functions/job/keys.ts';
import type { Outcome } from '../../functions/job/outcome.ts';
import { FILE_PAGE } from '../../functions/job/request.ts';
import { log } from '../../functions/log.ts';
import { errorLines, resultLines } from '../helpers/lines.ts';
import { openWeb } from '../helpers/open-web.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { type Page } from '../helpers/web.ts';

let stage: Stage;
const outcomeOf = async (body: string): Promise<Outcome> => {
  const { job, id } = JSON.parse(body) as Batch;
  const outcome = await stage.cloud.objects.getJson<Outcome>(keys.outcome(job, id));
  if (!outcome) throw new Error(`Batch ${id} has no outcome.`);
  return outcome;
};

beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

describe('a slice', () => {
  it('hands what it did not get to on to a child, and the job still has each page once', async () => {
    let served = 0;
    const web = await openWeb((path) =>
      path === '/robots.txt'
        ? undefined
        : (_, response) => {
            // The third page of each slice takes the rest of the slice's time.
            if (++served % 3 === 0) stage.aheadMs += 61_000;
            response.setHeader('content-type', 'text/html').end(html(path));
          },
    );
    const tools = stage.tools([scraper({ politeness: { concurrency: 1 } })]);
    const job = await stage.startJob(
      'test',
      Array.from({ length: 10 }, (_, i) => ({ url: `${web.url}/${i}` })),
    );
    const [first] = await stage.receive();
    if (!first) throw new Error('A batch was expected.');
    await stage.invoke(tools, [first]);
    const outcome = await outcomeOf(first.body);
    expect(outcome.succeeded).toBe(3);
    expect(outcome.children.map((c) => [c.count, c.notBefore])).toEqual([[7, undefined]]);
    await stage.drain(tools);
    expect(web.log).toEqual(Array.from({ length: 10 }, (_, i) => `/${i}`));
    expect(await resultLines(stage.cloud.objects)).toHaveLength(10);
    expect((await stage.summary(job)).requests).toMatchObject({ total: 10, succeeded: 10, pending: 0 });
  });

  it('never has more requests in flight than the lane may', async () => {
    let inFlight = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const web = await openWeb((path) =>
      path === '/robots.txt'
        ? undefined
        : (_, response) => {
            most = Math.max(most, ++inFlight);
            waiting.push(() => {
              inFlight--;
              response.setHeader('content-type', 'text/html').end(html(path));
            });
            // Answers only once as many are there as are allowed, or no more will come: a limit that is never reached would hang here.
            if (waiting.length === 4 || served() === 40) for (const answer of waiting.splice(0)) answer();
          },
    );
    const served = () => web.log.length;
    await stage.startJob(
      'test',
      Array.from({ length: 40 }, (_, i) => ({ url: `${web.url}/${i}` })),
    );
    await stage.drain(stage.tools([scraper({ politeness: { concurrency: 4 } })]));
    expect(most).toBe(4);
    expect(await resultLines(stage.cloud.objects)).toHaveLength(40);
  });

  it('waits for a paused host in the queue', async () => {
    let calls = 0;
    const web = await openWeb({
      '/busy': (_, response) => {
        if (++calls === 1) response.writeHead(429, { 'retry-after': '120' }).end();
        else response.setHeader('content-type', 'text/html').end(html('At last'));
      },
      '/next': html('Next'),
    });
    const startMs = Date.now();
    const tools = stage.tools([scraper({ politeness: { concurrency: 1 } })]);
    const job = await stage.startJob('test', [{ url: `${web.url}/busy` }, { url: `${web.url}/next` }]);
    const [first] = await stage.receive();
    if (!first) throw new Error('A batch was expected.');
    await stage.invoke(tools, [first]);
    const { children } = await outcomeOf(first.body);
    expect(children.reduce((n, c) => n + c.count, 0)).toBe(2);
    for (const child of children) expect(child.notBefore).toBeGreaterThanOrEqual(startMs + 120_000);
    expect(await stage.receive()).toEqual([]);
    stage.aheadMs = 600_000;
    await stage.drain(tools);
    const results = await resultLines(stage.cloud.objects);
    expect(results.map((r) => r.attempts).toSorted((a, b) => a - b)).toEqual([1, 2]);
    expect((await stage.summary(job)).requests).toMatchObject({ total: 2, succeeded: 2, pending: 0 });
  });

  it('gives the invocation back when a delay is all there is to wait for', async () => {
    const web = await openWeb((path) => (path === '/robots.txt' ? undefined : html(path)));
    const tools = stage.tools([scraper({ politeness: { concurrency: 1, delay: 30_000, robots: 'ignore' } })]);
    const job = await stage.startJob('test', [{ url: `${web.url}/1` }, { url: `${web.url}/2` }]);
    const startMs = Date.now();
    const [first] = await stage.receive();
    if (!first) throw new Error('A batch was expected.');
    await stage.invoke(tools, [first]);
    const { children, succeeded } = await outcomeOf(first.body);
    expect(succeeded).toBe(1);
    expect(children).toHaveLength(1);
    expect(children[0]?.notBefore).toBeGreaterThanOrEqual(startMs + 30_000);
    expect((await stage.summary(job)).requests).toMatchObject({ succeeded: 1, pending: 1 });
  });

  it('keeps the delay to the last start of an earlier invocation, be it another job’s', async () => {
    const web = await openWeb((path) => (path === '/robots.txt' ? undefined : html(path)));
    const tools = stage.tools([scraper({ politeness: { delay: 30_000, robots: 'ignore' } })]);
    await stage.startJob('test', [{ url: `${web.url}/1` }]);
    await stage.invoke(tools);
    await stage.startJob('test', [{ url: `${web.url}/2` }], { id: 'test-two' });
    await stage.invoke(tools);
    expect(web.log).toEqual(['/1']);
    await stage.drain(tools);
    expect(web.log).toEqual(['/1', '/2']);
  });

  it('keeps a crawl-delay that an earlier invocation has read, and says so', async () => {
    const web = await openWeb((path) => (path === '/robots.txt' ? 'User-agent: *\nCrawl-delay: 90\n' : html(path)));
    const tools = stage.tools([scraper()]);
    const pages = (job: number, count: number) => Array.from({ length: count }, (_, i) => ({ url: `${web.url}/${job}/${i}` }));
    await stage.startJob('test', pages(1, 1));
    await stage.drain(tools);
    const job = await stage.startJob('test', pages(2, 3), { id: 'test-two' });
    const fetched: number[] = [];
    for (let n = 0; n < 4; n++) {
      await stage.invoke(tools);
      await stage.wakePostponed();
      fetched.push(web.log.length - 1);
    }
    expect(fetched).toEqual([0, 1, 2, 3]);
    const { crawlDelays } = await stage.summary(job);
    expect(crawlDelays).toEqual({ [web.url]: { declaredMs: 90_000, keptMs: 60_000 } });
  });

  it('asks for a robots.txt that has moved on its host at the host’s pace, and nothing twice', async () => {
    const asked: string[] = [];
    const answer =
      (status: number, headers: Record<string, string>, body = ''): Page =>
      (request, response) => {
        asked.push(request.url ?? '');
        response.writeHead(status, headers).end(body);
      };
    const web = await openWeb({
      '/robots.txt': answer(302, { location: '/moved' }),
      '/moved': answer(301, { location: '/moved-again' }),
      '/moved-again': answer(200, { 'content-type': 'text/plain' }, 'User-agent: *\nDisallow: /no\n'),
      '/yes': answer(200, { 'content-type': 'text/html' }, html('Yes')),
    });
    const tools = stage.tools([scraper({ politeness: { delay: 30_000 } })]);
    await stage.startJob('test', [{ url: `${web.url}/no` }, { url: `${web.url}/yes` }]);
    for (const soFar of [1, 2, 3, 4]) {
      await stage.invoke(tools);
      expect(asked).toHaveLength(soFar);
      await stage.wakePostponed();
    }
    await stage.drain(tools);
    expect(asked).toEqual(['/robots.txt', '/moved', '/moved-again', '/yes']);
    expect((await errorLines(stage.cloud.objects)).map((e) => e.code)).toEqual(['robots']);
  });

  it('goes by robots.txt and pace for a redirect on the host itself', async () => {
    const to =
      (location: string): Page =>
      (_, response) =>
        response.writeHead(302, { location }).end();
    const web = await openWeb({
      '/robots.txt': 'User-agent: *\nDisallow: /no\n',
      '/a': to('/no'),
      '/b': to('/c'),
      '/c': html('C'),
      '/no': html('No'),
    });
    const tools = stage.tools([scraper({ politeness: { delay: 30_000 } })]);
    await stage.startJob('test', [{ url: `${web.url}/a` }, { url: `${web.url}/b` }]);
    const fetched: number[] = [];
    for (let n = 0; n < 4; n++) {
      await stage.invoke(tools);
      await stage.wakePostponed();
      fetched.push(web.log.length);
    }
    expect(fetched).toEqual([0, 1, 2, 3]);
    await stage.drain(tools);
    expect(web.log.toSorted()).toEqual(['/a', '/b', '/c']);
    expect(await errorLines(stage.cloud.objects)).toMatchObject([{ url: `${web.url}/a`, code: 'robots' }]);
    expect(await resultLines(stage.cloud.objects)).toMatchObject([{ url: `${web.url}/b`, finalUrl: `${web.url}/c`, attempts: 1 }]);
  });

  it('gives up what is under way when the function must end, and the child does it again', async () => {
    let hang = true;
    const web = await openWeb({
      '/slow': (_, response) => (hang ? undefined : response.setHeader('content-type', 'text/html').end(html('Slow'))),
    });
    const tools = stage.tools([scraper({ politeness: { robots: 'ignore' } })]);
    const job = await stage.startJob('test', [{ url: `${web.url}/slow` }]);
    const [first] = await stage.receive();
    if (!first) throw new Error('A batch was expected.');
    await stage.invoke(tools, [first], 1_000);
    const { succeeded, failed, children } = await outcomeOf(first.body);
    expect({ succeeded, failed }).toEqual({ succeeded: 0, failed: 0 });
    expect(children.flatMap((c) => c.requests)).toEqual([{ url: `${web.url}/slow`, claimed: true }]);
    hang = false;
    await stage.drain(tools);
    expect(await resultLines(stage.cloud.objects)).toHaveLength(1);
    expect((await stage.summary(job)).requests).toMatchObject({ total: 1, succeeded: 1, pending: 0 });
  });

  it('forgets about a robots.txt that was under way when the function had to end', async () => {
    let hang = true;
    const web = await openWeb({
      '/robots.txt': (_, response) => (hang ? undefined : response.end('User-agent: *\nAllow: /\n')),
      '/page': html('Page'),
    });
    const tools = stage.tools([scraper()]);
    await stage.startJob('test', [{ url: `${web.url}/page` }]);
    await stage.invoke(tools, undefined, 1_000);
    hang = false;
    await stage.drain(tools);
    expect(await errorLines(stage.cloud.objects)).toEqual([]);
    expect(await resultLines(stage.cloud.objects)).toMatchObject([{ attempts: 1 }]);
  });

  it('stops within the slice when the job is cancelled', async () => {
    const paths = Array.from({ length: 10 }, (_, i) => `/${i}`);
    const web = await openWeb((path) =>
      path === '/robots.txt'
        ? undefined
        : (_, response) => {
            const answer = () => response.setHeader('content-type', 'text/html').end(html(path));
            if (path !== '/3') return answer();
            stage.aheadMs += 6_000;
            void stage.cloud.objects.put(keys.cancel(job.id), '').then(answer);
            return undefined;
          },
    );
    const job = await stage.startJob(
      'test',
      paths.map((p) => ({ url: web.url + p })),
    );
    await stage.drain(stage.tools([scraper({ politeness: { concurrency: 1 } })]));
    expect(web.log).toEqual(['/0', '/1', '/2', '/3']);
    const summary = await stage.summary(job);
    expect(summary.state).toBe('cancelled');
    expect(summary.requests).toMatchObject({ total: 10, succeeded: 4, skipped: { cancelled: 6 }, pending: 0 });
  });

  it('tries again what may pass and gives up after the last attempt', async () => {
    const tries: Record<string, number> = {};
    const flaky =
      (failures: number): Page =>
      (request, response) => {
        const path = request.url ?? '';
        tries[path] = (tries[path] ?? 0) + 1;
        if (tries[path] <= failures) response.writeHead(500).end();
        else response.setHeader('content-type', 'text/html').end(html(path));
      };
    const web = await openWeb({ '/once': flaky(1), '/twice': flaky(2), '/always': flaky(99) });
    await stage.startJob(
      'test',
      ['/once', '/twice', '/always'].map((p) => ({ url: web.url + p })),
    );
    await stage.drain(stage.tools([scraper({ request: { retries: 2 } })]));
    const attempts = Object.fromEntries((await resultLines(stage.cloud.objects)).map((r) => [new URL(r.url).pathname, r.attempts]));
    expect(attempts).toEqual({ '/once': 2, '/twice': 3 });
    expect(await errorLines(stage.cloud.objects)).toMatchObject([{ url: `${web.url}/always`, code: 'http-500', status: 500, attempts: 3 }]);
    expect(tries['/always']).toBe(3);
  });

  it('begins no attempt after the time for all of them, over slices, lanes and invocations', async () => {
    const asked: string[] = [];
    const broken =
      (name: string): Exclude<Page, string> =>
      (_, response) => {
        asked.push(name);
        // Each attempt takes ten minutes of the stage's clock.
        stage.aheadMs += 600_000;
        response.writeHead(500).end();
      };
    const there = await openWeb({ '/broken': broken('there'), '/other': broken('other') });
    let isMoved = false;
    const web = await openWeb({
      '/page': (request, response) => {
        // The second attempt leads to another host, where the third is made.
        if (asked.length === 0 || isMoved) return broken('here')(request, response);
        isMoved = true;
        return response.writeHead(302, { location: `${there.url}/broken` }).end();
      },
    });
    const request = { retries: 9, giveUpAfter: 1_500_000 };
    const tools = stage.tools([scraper({ politeness: { robots: 'ignore' }, request })]);
    const job = await stage.startJob('test', [{ url: `${web.url}/page` }]);
    await stage.drain(tools);
    const [line, ...more] = await errorLines(stage.cloud.objects);
    expect(more).toEqual([]);
    expect(asked).toEqual(['here', 'there', 'there']);
    expect(line).toMatchObject({ url: `${web.url}/page`, code: 'http-500', status: 500, attempts: 3 });
    expect(line?.message).toContain('the 1500000 ms of request.giveUpAfter are spent');
    expect((await stage.summary(job)).requests).toMatchObject({ total: 1, failed: 1, pending: 0 });
    expect(Object.keys(line ?? {})).not.toContain('tried');

    // A further attempt of the job has all its time again.
    await startRetry({ cloud: stage.cloud, log, now: stage.now, scrapers: {} }, { job: job.id, attempt: 2, at: new Date(stage.now()) });
    await stage.drain(tools);
    expect(asked).toHaveLength(6);
  });

  it('ends what has waited in the queue beyond its time with its last failure, without another fetch', async () => {
    let asked = 0;
    const web = await openWeb({ '/page': (_, response) => (asked++, response.writeHead(502).end()) });
    const tools = stage.tools([scraper({ politeness: { robots: 'ignore' }, request: { giveUpAfter: 60_000 } })], {
      // So long a back-off that it is waited for in the queue.
      random: () => 0.99,
      options: { ...stage.options, maxWaitMs: 0 },
    });
    await stage.startJob('test', [{ url: `${web.url}/page` }]);
    await stage.invoke(tools);
    await stage.wakePostponed();
    stage.aheadMs += 60_000;
    await stage.drain(tools);
    expect(asked).toBe(1);
    expect(await errorLines(stage.cloud.objects)).toMatchObject([{ code: 'http-502', status: 502, attempts: 1 }]);
  });

  it.each([
    ['ignore', [5, 1, 1, 1], [10, 30, 90]],
    // Asking for robots.txt has a growing wait of its own, which ends here before the host's pause or after it.
    ['obey', [1, 1, 1, 1, 1, 1, 1, 1], [5, 10, 20, 40, 10, 70, 30, 130, 90, 210]],
  ] as const)(
    'postpones what waits for a host that is down, and gives it up after the last probe (robots: %s)',
    async (robots, probes, waits) => {
      let asked = 0;
      const web = await openWeb(() => (request) => {
        asked++;
        request.socket.destroy();
      });
      let nowMs = Date.now();
      const tools = stage.tools([scraper({ politeness: { concurrency: 1, robots }, request: { retries: 9 } })], { now: () => nowMs });
      const urls = Array.from({ length: 30 }, (_, i) => `${web.url}/${i + 10}`);
      const job = await stage.startJob(
        'test',
        urls.map((url) => ({ url })),
      );
      const postponedBy: number[] = [];
      const asks: number[] = [];
      let early = 0;
      for (let records = await stage.receive(); records.length > 0; records = await stage.receive()) {
        asked = 0;
        await stage.invoke(tools, records);
        const children = (await Promise.all(records.map((record) => outcomeOf(record.body)))).flatMap((outcome) => outcome.children);
        const dueMs = Math.max(nowMs, ...children.map((child) => child.notBefore ?? 0));
        if (asked > 0) asks.push(asked);
        if (dueMs > nowMs) {
          postponedBy.push((dueMs - nowMs) / 1_000);
          early += (await errorLines(stage.cloud.objects)).length;
        }
        expect(await stage.wakePostponed()).toBeGreaterThanOrEqual(dueMs > nowMs ? 1 : 0);
        nowMs = dueMs;
      }
      // Nothing waits in a function, and nothing is an error before the last probe.
      expect({ asks, postponedBy, early }).toEqual({ asks: probes, postponedBy: waits, early: 0 });
      const lines = await errorLines(stage.cloud.objects);
      expect(lines.map(({ url, code }) => `${code} ${url}`).toSorted()).toEqual(urls.map((url) => `connect ${url}`));
      expect((await stage.summary(job)).requests).toMatchObject({ total: 30, failed: 30, pending: 0 });
    },
  );

  it('ends at once where robots.txt lies at an address that may not be reached', async () => {
    const closed = await Stage.start({ URLDROP_ALLOWED_NETWORKS: '' });
    await closed.startJob('test', [{ url: 'http://127.0.0.1/' }]);
    await closed.invoke(closed.tools([scraper()]));
    expect((await errorLines(closed.cloud.objects)).map((e) => e.code)).toEqual(['blocked-address']);
    await closed[Symbol.asyncDispose]();
  });

  it('asks for robots.txt once per host and keeps it for the next invocation', async () => {
    let asked = 0;
    const web = await openWeb({
      '/robots.txt': (_, response) => {
        asked++;
        response.setHeader('content-type', 'text/plain').end('User-agent: urldrop\nDisallow: /no\n');
      },
      '/yes': html('Yes'),
      '/no': html('No'),
    });
    const tools = stage.tools([scraper()]);
    await stage.startJob('test', [{ url: `${web.url}/yes` }, { url: `${web.url}/no` }]);
    await stage.drain(tools);
    await stage.startJob('test', [{ url: `${web.url}/no` }], { id: 'test-again' });
    await stage.drain(tools);
    expect(asked).toBe(1);
    expect((await errorLines(stage.cloud.objects)).map((e) => [e.code, e.attempts])).toEqual([
      ['robots', 0],
      ['robots', 0],
    ]);
    // For a day, and no longer.
    for (const [hours, times] of [
      [23, 1],
      [2, 2],
    ] as const) {
      stage.aheadMs += hours * 3_600_000;
      await stage.startJob('test', [{ url: `${web.url}/no` }], { id: `test-in-${hours}` });
      await stage.drain(tools);
      expect(asked).toBe(times);
    }
  });

  it('records with each result what robots.txt and page say about the use of the content', async () => {
    const web = await openWeb({
      '/robots.txt': 'User-agent: *\nContent-Signal: search=yes, ai-train=no\nContent-Usage: /press train-ai=n\n',
      '/page': (_, response) => response.setHeader('content-type', 'text/html').setHeader('tdm-reservation', '1').end(html('Page')),
      '/plain': html('Plain'),
    });
    const there = await openWeb({ '/silent': html('Silent') });
    const file = { page: FILE_PAGE, file: { name: 'plain', maxBytes: 1_000 } };
    const urls = [`${web.url}/page`, `${there.url}/silent`].map((url) => ({ url }));
    await stage.startJob('test', [...urls, { url: `${web.url}/plain`, ...file }]);
    await stage.drain(stage.tools([scraper()]));
    const found = Object.fromEntries((await resultLines(stage.cloud.objects)).map((line) => [new URL(line.url).pathname, line.signals]));
    const site = ['robots.txt content-signal: search=yes, ai-train=no', 'robots.txt content-usage: /press train-ai=n'];
    expect(found).toEqual({ '/page': [...site, 'tdm-reservation: 1'], '/plain': site, '/silent': undefined });
  });

  it.each([
    ['comes after all', 2, ['/yes'], ['robots /no']],
    ['never comes', 99, [], ['robots /no', 'robots /yes']],
  ] as const)(
    'fetches nothing while robots.txt answers with errors, and asks again later: it %s',
    async (_how, failures, fetched, failed) => {
      let asked = 0;
      const web = await openWeb({
        '/robots.txt': (_, response) =>
          ++asked <= failures ? response.writeHead(500).end() : response.end('User-agent: *\nDisallow: /no\n'),
        '/yes': html('Yes'),
        '/no': html('No'),
      });
      await stage.startJob('test', [{ url: `${web.url}/yes` }, { url: `${web.url}/no` }]);
      await stage.drain(stage.tools([scraper({ request: { retries: 3 } })]));
      expect(web.log).toEqual(fetched);
      const errors = await errorLines(stage.cloud.objects);
      expect(errors.map(({ code, url }) => `${code} ${new URL(url).pathname}`).toSorted()).toEqual(failed);
      expect(asked).toBeGreaterThan(2);
    },
  );

  it('sends a long list of links on through a segment', async () => {
    const links = Array.from({ length: 3_000 }, (_, i) => `/item-with-a-rather-long-name-${i}`);
    const web = await openWeb((path) => (path === '/robots.txt' ? undefined : path === '/list' ? html('List', ...links) : html(path)));
    const tools = stage.tools([scraper({ politeness: { concurrency: 64 } })]);
    const job = await stage.startJob('test', [{ url: `${web.url}/list` }]);
    const [first] = await stage.receive();
    if (!first) throw new Error('A batch was expected.');
    await stage.invoke(tools, [first]);
    const { children, followed } = await outcomeOf(first.body);
    expect(followed).toBe(3_000);
    expect(children).toMatchObject([{ count: 3_000, segment: { skip: 0 } }]);
    await stage.drain(tools);
    expect(new Set((await resultLines(stage.cloud.objects)).map((r) => r.url)).size).toBe(3_001);
    expect((await stage.summary(job)).requests).toMatchObject({ total: 3_001, succeeded: 3_001, pending: 0 });
  });
});
