import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRetry } from '../../functions/enqueue/start-retry.ts';
import type { Job } from '../../functions/job/job.ts';
import { attemptOf, keys, prefixes } from '../../functions/job/keys.ts';
import type { ErrorLine } from '../../functions/job/result.ts';
import { log } from '../../functions/log.ts';
import { tick } from '../../functions/report/tick.ts';
import { clearSuperseded, takeFailed } from '../../functions/scrape/retry-failed.ts';
import { errorLines, resultLines } from '../helpers/lines.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { startWeb, type Page } from '../helpers/web.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(() => stage[Symbol.asyncDispose]());

const tools = () => ({ cloud: stage.cloud, log, now: stage.now, scrapers: {} });
const retry = (job: Job, attempt: number, codes?: readonly string[]) =>
  startRetry(tools(), { job: job.id, attempt, at: new Date(stage.now()), ...(codes && { codes }) });
const report = async () => (await tick(tools(), Date.now() + 60_000))[0];
const pathsOf = (lines: readonly { url: string }[]) => lines.map((l) => new URL(l.url).pathname).toSorted();

describe('a further attempt of a job', () => {
  it('takes up what failed, counts it as pending, and leaves each request with one line', async () => {
    const pages: Record<string, Page> = {
      '/1': html('One', '/gone'),
      '/throws': html('throw'),
      '/robots.txt': 'User-agent: *\nDisallow: /no',
    };
    await using web = await startWeb(pages);
    const scrape = stage.tools([scraper()]);
    const urls = ['/1', '/gone', '/throws', '/no'].map((path) => ({ url: web.url + path, data: path }));
    const job = await stage.startJob('test', urls);
    await stage.drain(scrape);
    expect(await report()).toMatchObject({
      attempt: 1,
      state: 'finished',
      requests: { total: 4, failed: 2, skipped: { robots: 1 } },
    });

    pages['/gone'] = html('Back', '/1', '/new');
    pages['/new'] = html('New');
    await retry(job, 2, ['http-404']);
    expect(await report()).toMatchObject({ attempt: 2, state: 'running', requests: { failed: 2, pending: 0 } });
    await stage.invoke(scrape);
    expect(await report()).toMatchObject({ state: 'running', requests: { failed: 1, pending: 1 }, errors: { parse: { count: 1 } } });
    expect(pathsOf(await errorLines(stage.cloud.objects))).toEqual(['/no', '/throws']);
    await stage.drain(scrape);
    const second = await report();
    expect(second).toMatchObject({
      state: 'finished',
      requests: { total: 5, succeeded: 3, failed: 1, skipped: { robots: 1 }, pending: 0 },
    });
    expect(Object.keys(second?.errors ?? {}).toSorted()).toEqual(['parse', 'robots']);
    expect(pathsOf(await resultLines(stage.cloud.objects))).toEqual(['/1', '/gone', '/new']);

    // What fails again is an error of the latest attempt, with the example of its own.
    await retry(job, 3);
    await stage.drain(scrape);
    expect(await report()).toMatchObject({ attempt: 3, state: 'finished', requests: { total: 5, succeeded: 3, failed: 1, pending: 0 } });
    const errors = await errorLines(stage.cloud.objects);
    expect(errors.map((e) => `${new URL(e.url).pathname} ${attemptOf(e.key)}`).toSorted()).toEqual(['/no 1', '/throws 3']);
    expect(await Array.fromAsync(stage.cloud.objects.list(prefixes.active))).toEqual([]);
  });

  it('begins once, however often it is asked for, and only when the job has finished', async () => {
    log.setLogLevel('SILENT');
    await using web = await startWeb({});
    const scrape = stage.tools([scraper()]);
    const job = await stage.startJob('test', [{ url: `${web.url}/gone` }]);
    await retry(job, 2);
    await report();
    await retry(job, 2);
    await stage.drain(scrape);
    expect(await report()).toMatchObject({ attempt: 1, state: 'finished', requests: { failed: 1 } });

    await retry(job, 3);
    for (let times = 0; times < 3; times++) await retry(job, 2);
    await stage.drain(scrape);
    await retry(job, 2);
    await stage.drain(scrape);
    expect(await report()).toMatchObject({ attempt: 2, state: 'finished', requests: { total: 1, failed: 1 } });
    expect(web.log).toEqual(['/gone', '/gone']);
    expect(await errorLines(stage.cloud.objects)).toHaveLength(1);
  });

  it('that is cancelled keeps the error lines that it has not taken up', async () => {
    await using web = await startWeb({});
    const scrape = stage.tools([scraper()]);
    const job = await stage.startJob('test', [{ url: `${web.url}/gone` }]);
    await stage.drain(scrape);
    await report();
    await retry(job, 2);
    await stage.cloud.objects.put(keys.cancel(job.id), '');
    await stage.drain(scrape);
    expect(await report()).toMatchObject({ attempt: 2, state: 'finished', requests: { total: 1, failed: 1, pending: 0 } });
    expect(await errorLines(stage.cloud.objects)).toHaveLength(1);
  });
});

describe('failed requests', () => {
  const job: Job = { v: 1, id: 'j', scraper: 's', date: '2026-01-01', createdAt: '', source: '', options: {}, lanes: 1, unique: false };
  const line = (n: number, more: Partial<ErrorLine> = {}): ErrorLine => ({
    url: `http://a.example/${n}`,
    page: 'p',
    code: 'timeout',
    message: '',
    attempts: 3,
    at: '',
    ...more,
  });
  const write = (batch: string, lines: readonly ErrorLine[], attempt = 1) =>
    stage.cloud.objects.put(keys.errors(job, batch, attempt), gzipSync(lines.map((l) => `${JSON.stringify(l)}\n`).join('')));

  it('are taken in portions of 10,000, each cleared once, from an object however long', async () => {
    const { objects } = stage.cloud;
    const lines = Array.from({ length: 20_005 }, (_, n) => line(n));
    await write('a', [line(-1, { code: 'parse' }), ...lines, line(0, { url: 'no url', line: 7 })]);
    await write('b', [line(50_000)]);
    await write('c', [line(60_000)], 2);
    const taken: string[] = [];
    let order: { from?: string; codes: readonly string[] } | undefined = { codes: ['timeout'] };
    const portions: number[] = [];
    while (order) {
      const { requests, superseded, rest, retried } = await takeFailed(objects, job, 2, order, () => 'host', Date.now, Infinity);
      expect(retried).toEqual({
        failed: requests.length,
        robots: 0,
        errors: { timeout: requests.length },
        hosts: { host: requests.length },
      });
      // A function that dies in between does it again.
      await clearSuperseded(objects, superseded);
      await clearSuperseded(objects, superseded);
      portions.push(requests.length);
      taken.push(...requests.map((r) => r.url));
      order = rest && { codes: ['timeout'], ...rest };
    }
    expect(portions).toEqual([10_000, 10_000, 6]);
    expect(taken).toEqual([...lines, line(50_000)].map((l) => l.url));
    expect((await errorLines(objects)).map((e) => [e.url, e.code])).toEqual([
      ['http://a.example/-1', 'parse'],
      ['no url', 'timeout'],
      ['http://a.example/60000', 'timeout'],
    ]);
  });

  it('are requests as they were, claimed', async () => {
    const request = {
      url: 'http://a.example/f',
      page: '@file',
      method: 'POST',
      headers: { a: 'b' },
      body: 'x',
      data: [1],
      depth: 2,
      file: { name: 'f', maxBytes: 9 },
    };
    await write('a', [line(0, { ...request, status: 500 })]);
    const { requests } = await takeFailed(stage.cloud.objects, job, 2, {}, () => 'host', Date.now, Infinity);
    expect(requests).toEqual([{ ...request, claimed: true }]);
  });
});
