import type { SQSRecord } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClients } from '../../functions/aws/clients.ts';
import type { Cloud } from '../../functions/aws/cloud.ts';
import { ObjectStore } from '../../functions/aws/objects.ts';
import { Queue } from '../../functions/aws/queue.ts';
import type { FetchedPage } from '../../functions/fetch/types.ts';
import type { Job } from '../../functions/job/job.ts';
import { changesPrefix, keys, resultsPrefix } from '../../functions/job/keys.ts';
import { PageMemory, type PageRecord } from '../../functions/job/page-memory.ts';
import type { Json } from '../../functions/job/request.ts';
import type { ResultLine } from '../../functions/job/result.ts';
import type { Summary } from '../../functions/job/summary.ts';
import { PageChanges } from '../../functions/scrape/page-changes.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import { LOCAL_BUCKET } from '../../infra/local/embedded-aws.ts';
import { readLines } from '../helpers/lines.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { startWeb, type Page, type Web } from '../helpers/web.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage[Symbol.asyncDispose]());
let site: Site | undefined;
afterEach(() => site?.web[Symbol.asyncDispose]());

/** A site whose pages can change; each page has an ETag of its content, and the log says how it answered. */
class Site {
  readonly pages = new Map<string, string>();
  readonly log: string[] = [];
  web!: Web;

  static async open(pages: Readonly<Record<string, string>>): Promise<Site> {
    const made = new Site();
    for (const [path, page] of Object.entries(pages)) made.pages.set(path, page);
    const answer: Page = (request, response) => {
      const path = request.url ?? '';
      const page = made.pages.get(path);
      const etag = `"${Buffer.from(page ?? '')
        .toString('base64url')
        .slice(-40)}"`;
      const status = page === undefined ? 404 : page === 'broken' ? 500 : request.headers['if-none-match'] === etag ? 304 : 200;
      made.log.push(`${path} ${status}`);
      response.writeHead(status, { 'content-type': 'text/html', etag }).end(status === 200 ? page : '');
    };
    // Every path that a test may ever ask for.
    made.web = await startWeb(Object.fromEntries(['/', '/a', '/b', '/c', '/d', '/e'].map((path) => [path, answer])));
    site = made;
    return made;
  }
}

let names = 0;
const incremental = (name = `inc-${++names}`, more: Partial<Scraper> = {}) =>
  scraper({ name, incremental: true, rules: 'r1', ...more, request: { retries: 0 } });

/** Starts a run an hour after the last one. */
async function begin(one: Scraper, paths: readonly string[], kind: Job['incremental'] = 'whole'): Promise<Job> {
  stage.aheadMs += 3_600_000;
  const createdAt = new Date(stage.now()).toISOString();
  const requests = paths.map((path) => ({ url: `${site?.web.url}${path}` }));
  return stage.startJob(one.name, requests, {
    id: `${one.name}-${++names}`,
    createdAt,
    date: createdAt.slice(0, 10),
    ...(kind && { incremental: kind }),
  });
}

interface Found {
  readonly results: string[];
  readonly changes: string[];
  readonly summary: Summary;
}

/** What a run left, with the lines as `path change`. */
async function found(job: Job): Promise<Found> {
  const read = async (prefix: string) =>
    (await readLines<ResultLine>(stage.cloud.objects, prefix)).map(({ url, change }) => `${new URL(url).pathname} ${change}`).toSorted();
  const summary = await stage.cloud.objects.getJson<Summary>(keys.summary(job.id));
  return { results: await read(resultsPrefix(job)), changes: await read(changesPrefix(job)), summary: summary as Summary };
}

/** Works until report says that the run has ended. */
async function finish(one: Scraper, job: Job): Promise<Found> {
  for (let ticks = 0; ticks < 5; ticks++) {
    await stage.drain(stage.tools([one]));
    if ((await stage.summary(job)).finishedAt !== undefined) return found(job);
  }
  throw new Error(`Job ${job.id} does not end.`);
}

const run = async (one: Scraper, paths: readonly string[], kind?: Job['incremental']) => finish(one, await begin(one, paths, kind));

describe('a run of an incremental scraper', () => {
  it('writes what is new, changed or gone, and spends a 304 on what is not', async () => {
    const { pages, log } = await Site.open({ '/a': html('A'), '/b': html('B'), '/c': html('C') });
    const one = incremental();
    const first = await run(one, ['/a', '/b', '/c']);
    expect(first.results).toEqual(['/a new', '/b new', '/c new']);
    expect(first.changes).toEqual(first.results);
    expect(first.summary).toMatchObject({ requests: { succeeded: 3, skipped: {} }, changes: { new: 3, changed: 0, gone: 0 } });

    log.length = 0;
    pages.set('/b', html('B, second edition'));
    pages.set('/d', html('D'));
    pages.delete('/c');
    const second = await run(one, ['/a', '/b', '/c', '/d']);
    expect(log.toSorted()).toEqual(['/a 304', '/b 200', '/c 404', '/d 200']);
    expect(second.results).toEqual(['/b changed', '/c gone', '/d new']);
    expect(second.changes).toEqual(second.results);
    expect(second.summary).toMatchObject({
      requests: { total: 4, succeeded: 2, failed: 1, skipped: { unchanged: 1 }, pending: 0 },
      items: 2,
      changes: { new: 1, changed: 1, gone: 1 },
      errors: { 'http-404': { count: 1 } },
    });

    // What is gone is told once.
    const third = await run(one, ['/a', '/b', '/c', '/d']);
    expect(third.changes).toEqual([]);
    expect(third.summary.requests).toMatchObject({ failed: 1, skipped: { unchanged: 3 } });
  });

  it('fetches a page with links whole, for they are wanted each time, and other rules extract anew', async () => {
    const { log } = await Site.open({ '/': html('List', '/a', '/b'), '/a': html('A'), '/b': html('B') });
    const one = incremental();
    await run(one, ['/']);
    log.length = 0;
    const second = await run(one, ['/']);
    expect(log).toEqual(['/ 200', '/a 304', '/b 304']);
    expect(second.summary.requests).toMatchObject({ total: 3, succeeded: 0, skipped: { unchanged: 3 } });
    log.length = 0;
    const other = incremental(one.name, {
      rules: 'r2',
      run: async (request, page) => {
        const given = await one.run(request, page);
        return { ...given, items: given.items.map((item) => ({ ...(item as object), length: page.body.length })) };
      },
    });
    expect((await run(other, ['/'])).results).toEqual(['/ changed', '/a changed', '/b changed']);
    expect(log).toEqual(['/ 200', '/a 200', '/b 200']);
  });

  it('calls pages gone that a whole run reaches no more, and nothing that a part or a broken run misses', async () => {
    const { pages } = await Site.open({ '/': html('List', '/a', '/b'), '/a': html('A'), '/b': html('B'), '/e': 'broken' });
    const one = incremental();
    await run(one, ['/']);
    expect((await run(one, ['/a'], 'part')).changes).toEqual([]);
    pages.set('/', html('List', '/a'));
    expect((await run(one, ['/', '/e'])).changes).toEqual([]);
    const whole = await run(one, ['/']);
    expect(whole.changes).toEqual(['/b gone']);
    expect(whole.results).toEqual(['/b gone']);
    expect(whole.summary).toMatchObject({ state: 'finished', changes: { gone: 1 }, batches: { open: 0 } });
    expect((await run(one, ['/'])).changes).toEqual([]);
    // It may come back.
    pages.set('/', html('List', '/a', '/b'));
    expect((await run(one, ['/'])).changes).toEqual(['/b new']);
  });

  it('bears another run at the same time', async () => {
    const { pages } = await Site.open({ '/a': html('A'), '/b': html('B'), '/c': html('C') });
    const one = incremental();
    await run(one, ['/a', '/b']);
    pages.set('/a', html('A, second edition'));
    const [left, right] = [await begin(one, ['/a', '/c']), await begin(one, ['/a', '/b', '/c'])];
    await stage.drain(stage.tools([one]));
    const all = [await finish(one, left), await finish(one, right)];
    // Each change is told once, by whichever came first; /b is gone for neither, since the later run has reached it.
    expect(all.flatMap(({ changes }) => changes).toSorted()).toEqual(['/a changed', '/c new']);
    expect((await run(one, ['/a', '/b', '/c'])).changes).toEqual([]);
  });
});

/** A cloud whose n-th call never comes back, before or after the service has done its part: the function is dead as far as anyone can see. */
function mortal(call: number, isDone: boolean): { cloud: Cloud; calls: () => number; died: Promise<void> } {
  let calls = 0;
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  const { endpoint, region, credentials, queueUrls } = stage.aws;
  const { s3, sqs, meter } = createClients(true, { endpoint, region, credentials });
  const pass = async <T>(next: () => Promise<T>): Promise<T> => {
    const n = ++calls;
    if (n < call) return next();
    if (n === call && isDone) await next().catch(() => {});
    if (n === call) die();
    return new Promise<T>(() => {});
  };
  s3.middlewareStack.add((next) => (args) => pass(() => next(args)), { step: 'initialize' });
  sqs.middlewareStack.add((next) => (args) => pass(() => next(args)), { step: 'initialize' });
  const cloud: Cloud = {
    objects: new ObjectStore(s3, LOCAL_BUCKET),
    requests: new Queue(sqs, queueUrls.requests),
    postponed: new Queue(sqs, queueUrls.postponed),
    meter,
  };
  return { cloud, calls: () => calls, died };
}

const again = (records: readonly SQSRecord[]) =>
  records.map((r) => ({ ...r, attributes: { ...r.attributes, ApproximateReceiveCount: '2' } }));

describe('a function that dies', () => {
  it.each(['run', 'sweep'] as const)('at any call of a %s leaves the same results, changes and memory', async (what) => {
    const before = { '/a': html('A'), '/b': html('B'), '/c': html('C') };
    const after = { '/a': html('A'), '/b': html('B, second edition'), '/d': html('D') };
    const { pages } = await Site.open(before);
    const set = (content: Readonly<Record<string, string>>) => {
      pages.clear();
      for (const [path, page] of Object.entries(content)) pages.set(path, page);
    };
    const origin = incremental();
    await run(origin, ['/a', '/b', '/c']);
    const lane = new URL(site?.web.url ?? '').host;
    const remembered = (await stage.cloud.objects.get(keys.pages(origin.name, lane))) as Buffer;

    const dieAt = async (call: number, isDone: boolean): Promise<number> => {
      const one = incremental();
      await stage.cloud.objects.put(keys.pages(one.name, lane), remembered);
      set(after);
      // In a sweep's run /c is not asked for.
      const job = await begin(one, what === 'run' ? ['/a', '/b', '/c', '/d'] : ['/a', '/b', '/d']);
      if (what === 'sweep') await stage.drain(stage.tools([one]));
      expect((await stage.summary(job)).state).toBe('running');
      const { cloud, calls, died } = mortal(call, isDone);
      const records = await stage.receive();
      expect(records).toHaveLength(1);
      const ended = await Promise.race([stage.invoke(stage.tools([one], { cloud }), records).then(() => true), died.then(() => false)]);
      if (!ended) await stage.invoke(stage.tools([one]), again(records));
      const { changes, results, summary } = await finish(one, job);
      expect({ call, isDone, changes }).toEqual({ call, isDone, changes: ['/b changed', '/c gone', '/d new'] });
      expect(results).toEqual(changes);
      expect(summary).toMatchObject({ changes: { new: 1, changed: 1, gone: 1 }, requests: { skipped: { unchanged: 1 }, pending: 0 } });
      const next = await run(one, ['/a', '/b', '/d']);
      expect({ call, isDone, changes: next.changes }).toEqual({ call, isDone, changes: [] });
      return ended ? Number.POSITIVE_INFINITY : calls();
    };
    // Before the first call; then behind each, which is before the next.
    await dieAt(1, false);
    let points = 1;
    while ((await dieAt(points, true)) !== Number.POSITIVE_INFINITY) points++;
    expect(points).toBeGreaterThan(10);
  });

  it('later is no reason to take up again what is in already', async () => {
    const record: PageRecord = { url: 'u', page: 'p', items: [], rules: 'r', atMs: 1 };
    const memory = await PageMemory.decode(undefined);
    expect(memory.apply('first', [['k', record]])).toBe(true);
    expect(memory.apply('second', [['k', null]])).toBe(true);
    const kept = await PageMemory.decode(await memory.encode());
    expect(kept.apply('first', [['k', record]])).toBe(false);
    expect(kept.get('k')).toBeUndefined();
  });
});

describe('the items of a page', () => {
  const page = { url: 'https://a.example/', headers: {} } as FetchedPage;
  const judge = async (before: readonly Json[], now: readonly Json[]) => {
    const memory = await PageMemory.decode(undefined);
    const rules = { firstPage: 'page', rules: 'r' };
    const first = new PageChanges(memory, rules, Date.now);
    first.judge({ url: page.url }, page, { items: before, follows: [] });
    memory.apply('b', first.updates);
    return new PageChanges(memory, rules, Date.now).judge({ url: page.url }, page, { items: now, follows: [] });
  };

  it.each([
    ['the same', [1, 2, 3], [1, 2, 3], 'unchanged'],
    ['one more at the top', [1, 2], [0, 1, 2], ['new', 'unchanged', 'unchanged']],
    ['one in the place of another', [1, 2, 3], [1, 9, 3], ['unchanged', 'changed', 'unchanged']],
    ['one less', [1, 2], [1], ['unchanged']],
    ['none any more', [1], [], []],
    ['too many to be told apart', Array.from({ length: 100 }, (_, n) => n), [1, 2], ['changed', 'new']],
  ])('are told apart: %s', async (_, before, now, expected) => {
    expect(await judge(before, now)).toEqual(expected);
  });
});
