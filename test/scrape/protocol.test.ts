import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keys } from '../../functions/job/keys.ts';
import type { Outcome } from '../../functions/job/outcome.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import { errorLines, resultLines } from '../helpers/lines.ts';
import { openWeb } from '../helpers/open-web.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { type Page } from '../helpers/web.ts';

let stage: Stage;
const urlsOf = (lines: readonly { url: string }[]): string[] => lines.map((l) => l.url).toSorted();
/** Delivers a batch as SQS does after a function died on it. */
const redelivered = async (times = 2) =>
  (await stage.receive()).map((r) => Object.assign(r, { attributes: { ...r.attributes, ApproximateReceiveCount: String(times) } }));

beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

describe('a job', () => {
  it('gives each page once, whatever links to it, across hosts', async () => {
    const other = await openWeb({ '/x': html('X', '/y'), '/y': html('Y', '/x') }, '127.0.0.2');
    const web = await openWeb({
      '/1': html('One', '/2', '/3', `${other.url}/x`),
      '/2': html('Two', '/1', '/3'),
      '/3': html('Three', '/3', '/1'),
    });
    const tools = stage.tools([scraper()]);
    const job = await stage.startJob('test', [{ url: `${web.url}/1` }]);
    await stage.drain(tools);
    const results = await resultLines(stage.cloud.objects);
    expect(urlsOf(results)).toEqual([`${web.url}/1`, `${web.url}/2`, `${web.url}/3`, `${other.url}/x`, `${other.url}/y`].toSorted());
    expect(web.log.toSorted()).toEqual(['/1', '/2', '/3']);
    const summary = await stage.summary(job);
    expect(summary.state).toBe('finished');
    expect(summary.requests).toMatchObject({ succeeded: 5, failed: 0, pending: 0 });
    expect(results[0]).toMatchObject({ page: 'page', status: 200, attempts: 1, contentType: 'text/html', charset: 'UTF-8' });
  });

  it('turns every kind of failure into one error line and loses nothing beside it', async () => {
    const web = await openWeb({
      '/good': html('Good'),
      '/throws': html('throw'),
      '/json': (_, response) => response.setHeader('content-type', 'application/json').end('{}'),
      '/broken': (_, response) => response.destroy(),
      '/robots.txt': 'User-agent: *\nDisallow: /private\n',
      '/private': html('Private'),
    });
    const urls = ['/good', '/throws', '/json', '/broken', '/missing', '/private'].map((path) => ({ url: web.url + path, data: { path } }));
    const job = await stage.startJob('test', [...urls, { url: 'http://127.0.0.1:1/refused' }]);
    await stage.drain(stage.tools([scraper()]));
    expect(urlsOf(await resultLines(stage.cloud.objects))).toEqual([`${web.url}/good`]);
    const errors = await errorLines(stage.cloud.objects);
    const codes = Object.fromEntries(errors.map((e) => [new URL(e.url).pathname, e.code]));
    expect(codes).toEqual({
      '/throws': 'parse',
      '/json': 'content-type',
      '/broken': 'connect',
      '/missing': 'http-404',
      '/private': 'robots',
      '/refused': 'connect',
    });
    expect(errors.find((e) => e.url.endsWith('/missing'))).toMatchObject({ status: 404, attempts: 1, data: { path: '/missing' } });
    expect(errors.find((e) => e.url.endsWith('/broken'))).toMatchObject({ attempts: 3 });
    expect(web.log).not.toContain('/private');
    expect((await stage.summary(job)).requests).toMatchObject({ total: 7, succeeded: 1, failed: 5, skipped: { robots: 1 }, pending: 0 });
  });

  it('carries method, body, headers and data of a request, and tells requests of one URL apart by them', async () => {
    const echo: Page = (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () =>
        response.setHeader('content-type', 'text/html').end(html([request.method, request.headers['x-key'], body].join(' '))),
      );
    };
    const web = await openWeb({ '/form': echo });
    const url = `${web.url}/form`;
    await stage.startJob('test', [
      { url, method: 'POST', body: 'a=1', headers: { 'x-key': 'k' }, data: 1 },
      { url, method: 'POST', body: 'a=2', headers: { 'x-key': 'k' }, data: 2 },
      { url, method: 'POST', body: 'a=2', headers: { 'x-key': 'k' }, data: 3 },
    ]);
    await stage.drain(stage.tools([scraper()]));
    const results = await resultLines(stage.cloud.objects);
    expect(results.map((r) => [r.item, r.data])).toEqual([
      [{ title: 'POST k a=1' }, 1],
      [{ title: 'POST k a=2' }, 2],
    ]);
  });

  it('follows a redirect to another host in that host’s lane, and keeps the first URL as the request', async () => {
    const other = await openWeb({ '/new': html('New') }, '127.0.0.2');
    const web = await openWeb({ '/old': (_, response) => response.writeHead(301, { location: `${other.url}/new` }).end() });
    const job = await stage.startJob('test', [{ url: `${web.url}/old`, data: 'mine' }]);
    const tools = stage.tools([scraper()]);
    await stage.invoke(tools);
    const moved = await stage.receive();
    expect(moved.map((r) => r.attributes.MessageGroupId)).toEqual([`127.0.0.2:${other.port}`]);
    await stage.invoke(tools, moved);
    expect(await resultLines(stage.cloud.objects)).toMatchObject([{ url: `${web.url}/old`, finalUrl: `${other.url}/new`, data: 'mine' }]);
    expect((await stage.summary(job)).requests).toMatchObject({ total: 1, succeeded: 1, pending: 0 });
  });
});

describe('a redirect to another host', () => {
  it('turns a POST into a GET as browsers do, and takes no credentials along', async () => {
    let seen = {};
    const other = await openWeb(
      {
        '/done': (request, response) => {
          seen = { method: request.method, authorization: request.headers.authorization };
          response.setHeader('content-type', 'text/html').end(html('Done'));
        },
      },
      '127.0.0.2',
    );
    const web = await openWeb({ '/form': (_, response) => response.writeHead(303, { location: `${other.url}/done` }).end() });
    const request = { url: `${web.url}/form`, method: 'POST', body: 'a=1', headers: { authorization: 'Basic eDp5' } };
    await stage.startJob('test', [request]);
    await stage.drain(stage.tools([scraper()]));
    expect(seen).toEqual({ method: 'GET', authorization: undefined });
    expect(await resultLines(stage.cloud.objects)).toMatchObject([{ url: request.url, finalUrl: `${other.url}/done` }]);
  });

  it('leaves an error line that can be dropped again as it was', async () => {
    const other = await openWeb({}, '127.0.0.2');
    const web = await openWeb({ '/form': (_, response) => response.writeHead(303, { location: `${other.url}/gone` }).end() });
    await stage.startJob('test', [{ url: `${web.url}/form`, method: 'POST', body: 'a=1' }]);
    await stage.drain(stage.tools([scraper()]));
    expect(await errorLines(stage.cloud.objects)).toMatchObject([
      { url: `${web.url}/form`, code: 'http-404', method: 'POST', body: 'a=1' },
    ]);
  });
});

describe('a batch that comes again', () => {
  it('is not worked again once it is committed: only its children are sent', async () => {
    const web = await openWeb({ '/1': html('One', '/2'), '/2': html('Two') });
    const tools = stage.tools([scraper()]);
    const job = await stage.startJob('test', [{ url: `${web.url}/1` }]);
    const first = await stage.receive();
    await stage.invoke(tools, first);
    // The same message once more, as after a lost acknowledgement.
    await stage.invoke(tools, first);
    await stage.drain(tools);
    expect(web.log).toEqual(['/1', '/2']);
    expect(await resultLines(stage.cloud.objects)).toHaveLength(2);
    expect((await stage.summary(job)).state).toBe('finished');
  });

  it('is split, and what its dead run wrote is gone', async () => {
    const paths = Array.from({ length: 40 }, (_, i) => `/${i}`);
    const web = await openWeb(Object.fromEntries(paths.map((p) => [p, html(p)])));
    const tools = stage.tools([scraper()]);
    const job = await stage.startJob(
      'test',
      paths.map((p) => ({ url: web.url + p })),
    );
    const records = await redelivered();
    const { id } = JSON.parse(records[0]?.body ?? '') as { id: string };
    await stage.cloud.objects.put(keys.results(job, id), 'left by the dead run');
    await stage.invoke(tools, records);
    expect(web.log).toEqual([]);
    expect(await stage.cloud.objects.head(keys.results(job, id))).toBeUndefined();
    const outcome = await stage.cloud.objects.getJson<Outcome>(keys.outcome(job.id, id));
    expect(outcome?.children.length).toBeGreaterThan(1);
    expect(outcome?.children.reduce((n, c) => n + c.count, 0)).toBe(40);
    await stage.drain(tools);
    expect(urlsOf(await resultLines(stage.cloud.objects))).toEqual(paths.map((p) => web.url + p).toSorted());
    expect((await stage.summary(job)).requests).toMatchObject({ total: 40, succeeded: 40, pending: 0 });
  });

  it('with one request is called a killer after three starts without an end, and not before', async () => {
    const web = await openWeb({ '/k': html('K') });
    const killer: Scraper = scraper({ run: () => new Promise(() => {}) });
    const job = await stage.startJob('test', [{ url: `${web.url}/k` }]);
    const records = await redelivered(9);
    const { id } = JSON.parse(records[0]?.body ?? '') as { id: string };
    for (let death = 1; death <= 3; death++) {
      // Started and never ended: the function is gone as far as anyone can see.
      void stage.invoke(stage.tools([killer]), records);
      await expect.poll(() => stage.cloud.objects.getJson(keys.starts(job.id, id))).toEqual({ starts: death });
      await expect.poll(() => web.log.length).toBe(death);
      expect(await errorLines(stage.cloud.objects)).toEqual([]);
    }
    await stage.invoke(stage.tools([killer]), records);
    expect(await errorLines(stage.cloud.objects)).toMatchObject([{ url: `${web.url}/k`, code: 'crash' }]);
    expect((await stage.summary(job)).requests).toMatchObject({ failed: 1, pending: 0 });
  });

  it('with one request runs when all else of its invocation is done, so that its death is no one else’s', async () => {
    const innocent = await openWeb({ '/a': html('A') }, '127.0.0.2');
    const web = await openWeb({ '/k': html('K') });
    const killer: Scraper = scraper({
      run: (_request, page) =>
        page.url.endsWith('/k') ? new Promise(() => {}) : Promise.resolve({ items: [page.url], follows: [], dropped: {} }),
    });
    const job = await stage.startJob('test', [{ url: `${web.url}/k` }, { url: `${innocent.url}/a` }]);
    const records = await redelivered(2);
    const idOf = (record: { body: string } | undefined) => (JSON.parse(record?.body ?? '') as { id: string }).id;
    const [a, k] = [records.find((r) => r.body.includes('/a')), records.find((r) => r.body.includes('/k'))];
    // The innocent one first or last: it has its end before the killer has its start, or the killer dies before it starts.
    for (const order of [
      [a, k],
      [k, a],
    ]) {
      void stage.invoke(
        stage.tools([killer]),
        order.filter((r) => r !== undefined),
      );
      const starts = order[0] === a ? 1 : 2;
      await expect.poll(() => stage.cloud.objects.getJson(keys.starts(job.id, idOf(k)))).toEqual({ starts });
      await expect.poll(() => web.log.length).toBe(starts);
    }
    expect((await stage.cloud.objects.getJson<{ starts: number }>(keys.starts(job.id, idOf(a))))?.starts ?? 0).toBeLessThanOrEqual(1);
    expect(await resultLines(stage.cloud.objects)).toMatchObject([{ item: `${innocent.url}/a` }]);
  });

  it('with one request is run again when it was an outage that brought it back', async () => {
    const web = await openWeb({ '/k': html('K') });
    const job = await stage.startJob('test', [{ url: `${web.url}/k` }]);
    await stage.invoke(stage.tools([scraper()]), await redelivered(9));
    expect(await resultLines(stage.cloud.objects)).toHaveLength(1);
    expect((await stage.summary(job)).requests).toMatchObject({ succeeded: 1, pending: 0 });
  });
});

describe('a write that fails', () => {
  it('gives the batch and those behind it in its lane back, and no other lane', async () => {
    const other = await openWeb({ '/x': html('X') }, '127.0.0.2');
    const web = await openWeb({ '/1': html('One'), '/2': html('Two') });
    const job = await stage.startJob('test', [{ url: `${web.url}/1` }, { url: `${other.url}/x` }]);
    const second = await stage.startJob('test', [{ url: `${web.url}/2` }], { id: 'test-second' });
    const tools = stage.tools([scraper()]);
    // Two deliveries of one lane in one event, as Lambda gives them.
    const [one, x] = await stage.receive();
    if (!one || !x) throw new Error('Two lanes were expected.');
    const lane = JSON.parse(one.body) as { id: string };
    const behind = {
      ...one,
      messageId: 'behind',
      body: JSON.stringify({ ...lane, job: second.id, id: 'f'.repeat(32), requests: [{ url: `${web.url}/2` }] }),
    };
    const put = tools.cloud.objects.putJson.bind(tools.cloud.objects);
    tools.cloud.objects.putJson = (key, value) =>
      key === keys.outcome(job.id, lane.id) ? Promise.reject(new Error('SlowDown')) : put(key, value);
    const failed = await stage.invoke(tools, [one, behind, x]);
    tools.cloud.objects.putJson = put;
    expect(failed.toSorted()).toEqual(['behind', one.messageId].toSorted());
    expect(web.log).toEqual(['/1']);
    expect(urlsOf(await resultLines(stage.cloud.objects))).toContain(`${other.url}/x`);
  });
});

describe('the stop sign', () => {
  it('ends what is left of a job as cancelled, and keeps what is done', async () => {
    const web = await openWeb({ '/1': html('One', '/2', '/3'), '/2': html('Two'), '/3': html('Three') });
    const tools = stage.tools([scraper()]);
    const job = await stage.startJob('test', [{ url: `${web.url}/1` }]);
    await stage.invoke(tools);
    await stage.cloud.objects.put(keys.cancel(job.id), '');
    await stage.drain(tools);
    expect(web.log).toEqual(['/1']);
    const summary = await stage.summary(job);
    expect(summary.state).toBe('cancelled');
    expect(summary.requests).toMatchObject({ total: 3, succeeded: 1, skipped: { cancelled: 2 }, pending: 0 });
  });
});

describe('an invocation', () => {
  it('sends a message that is no batch to the dead letters and works the rest', async () => {
    const web = await openWeb({ '/1': html('One') });
    await stage.startJob('test', [{ url: `${web.url}/1` }]);
    const records = await stage.receive();
    const [good] = records;
    if (!good) throw new Error('A batch was expected.');
    const failed = await stage.invoke(stage.tools([scraper()]), [{ ...good, messageId: 'bad', body: 'not json' }, good]);
    expect(failed).toEqual(['bad']);
    expect(await resultLines(stage.cloud.objects)).toHaveLength(1);
  });

  it('ends the requests of a scraper that is not deployed as error lines', async () => {
    const web = await openWeb({});
    const job = await stage.startJob('gone', [{ url: `${web.url}/1` }]);
    await stage.drain(stage.tools([scraper()]));
    expect(await errorLines(stage.cloud.objects)).toMatchObject([{ code: 'unknown-scraper' }]);
    expect((await stage.summary(job)).requests).toMatchObject({ failed: 1, pending: 0 });
  });

  it('runs the recipe that the job carries, in every batch and after a redelivery, and says what is wrong with one', async () => {
    const web = await openWeb({ '/1': html('One', '/2'), '/2': html('Two') });
    const titled = (selector: string) => ({ pages: { page: { extract: { title: selector }, follow: { a: 'page' } } } });
    const recipe = { source: 'scrapers/quotes.json', data: titled('title') };
    const tools = stage.tools([scraper()]);
    await stage.startJob('quotes', [{ url: `${web.url}/1` }], { recipe });
    // As if a function had died on it.
    const records = (await stage.receive()).map((record) => ({
      ...record,
      attributes: { ...record.attributes, ApproximateReceiveCount: '2' },
    }));
    await stage.invoke(tools, records);
    await stage.drain(tools);
    const titles = (await resultLines(stage.cloud.objects)).map(({ item }) => (item as { title: string }).title);
    expect(titles.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['One', 'Two']);

    await stage.startJob('quotes', [{ url: `${web.url}/1` }], {
      id: 'broken',
      recipe: { ...recipe, data: titled('h1[') },
    });
    await stage.drain(tools);
    expect(await errorLines(stage.cloud.objects)).toMatchObject([
      {
        code: 'bad-recipe',
        message: expect.stringMatching(/^scrapers\/quotes\.json: pages\.page\.extract\.title is no CSS selector/) as string,
      },
    ]);
  });

  it('drops a batch whose job is gone', async () => {
    const web = await openWeb({ '/1': html('One') });
    const job = await stage.startJob('test', [{ url: `${web.url}/1` }]);
    await stage.cloud.objects.delete(keys.job(job.id));
    expect(await stage.invoke(stage.tools([scraper()]))).toEqual([]);
    expect(web.log).toEqual([]);
  });
});
