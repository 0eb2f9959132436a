import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorLine, ResultLine } from '../../functions/job/result.ts';
import { keys } from '../../functions/job/keys.ts';
import type { Job } from '../../functions/job/job.ts';
import type { Batch } from '../../functions/job/batch.ts';
import type { Summary } from '../../functions/job/summary.ts';
import { bundleFunctions, writeBundles } from '../../infra/bundle.ts';
import { LOCAL_BUCKET, type EmbeddedAws } from '../../infra/local/embedded-aws.ts';
import { settings, type FunctionName } from '../../infra/settings.ts';
import { makeCertificate } from '../fetch/certificates.ts';
import { listen } from '../fetch/harness.ts';
import { errorLines, resultLines } from '../helpers/lines.ts';
import { startShop, type SampleShop } from '../sites/shop.ts';
import { handler as articleOf } from './bundled/article-page.ts';
import type { AwsCall } from './bundled/call-log.ts';
import { SmallCloud } from './bundled/small-cloud.ts';
import { functionNamed, listOf, named, plain, queueNamed, statementsOf, synthesise } from './synthesised.ts';

const functionNames = Object.keys(settings.functions) as FunctionName[];
const { template, directory } = synthesise(
  { name: 'urldrop-test', scrapers: { page: {}, shop: {} }, logLevel: 'DEBUG' },
  { bundled: true },
);
const bucketId = named(template, 'AWS::S3::Bucket', 'UrlDropBucket').id;

/** The embedded SQS and S3 look at no signature, so it can be one that is found again. */
const SECRET = 'not-for-any-log';

/** Minified: all of it is read at every cold start. */
const mostBytes: Readonly<Record<FunctionName, number>> = { enqueue: 1_100_000, scrape: 1_110_000, report: 490_000 };

/** Far from any node_modules: what a bundle lacks is not found. */
const elsewhere = mkdtempSync(join(tmpdir(), 'urldrop-deployed-'));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

function assetOf(name: FunctionName): string {
  const hash = (functionNamed(template, name).properties.Code.S3Key as string).replace(/\.zip$/, '');
  return join(directory, `asset.${hash}`);
}

const byName = (make: (name: FunctionName) => string) =>
  Object.fromEntries(functionNames.map((name) => [name, make(name)])) as Record<FunctionName, string>;

/** The environment that the template gives a function, with the local bucket and queues in place of the references. */
function environmentOf(name: FunctionName, queueUrls: EmbeddedAws['queueUrls']): Record<string, string> {
  const local = new Map([
    [`<${bucketId}>`, LOCAL_BUCKET],
    ...Object.entries(queueUrls).map(([queue, url]) => [`<${queueNamed(template, queue).id}>`, url] as const),
  ]);
  const { Environment, LoggingConfig } = functionNamed(template, name).properties;
  const told = Object.entries(Environment.Variables as Record<string, unknown>);
  return {
    ...Object.fromEntries(told.map(([key, value]) => [key, local.get(plain(value)) ?? plain(value)])),
    AWS_SECRET_ACCESS_KEY: SECRET,
    // Lambda's own way of handing on the level of a function's log.
    AWS_LAMBDA_LOG_LEVEL: LoggingConfig.ApplicationLogLevel as string,
  };
}

interface Run {
  readonly results: readonly unknown[];
  readonly errors: readonly unknown[];
  /** Items of a recipe. */
  readonly titles: readonly unknown[];
  readonly summary: Summary;
  readonly calls: Readonly<Record<FunctionName, readonly AwsCall[]>>;
  readonly logs: Readonly<Record<FunctionName, string>>;
}

/** Drops a file, and lets the functions work until everything is done; then a schedule, and a dead letter. */
async function run(module: Readonly<Record<FunctionName, string>>, shop: SampleShop): Promise<Run> {
  await using cloud = await SmallCloud.start({ module, environment: environmentOf });
  const file = [
    `${shop.url}/books/page-11.html`,
    `${shop.url}/books/page-11.html#twice`,
    'not a url',
    `${shop.url}/nowhere.html`,
    `${shop.url}/basket/`,
  ];
  await cloud.drop('urls/shop/a list.txt', `# pages\n${file.join('\n')}\n`);
  await cloud.drain(2);
  const results = (await resultLines(cloud.objects)).map(steady);
  const errors = (await errorLines(cloud.objects)).map(steady);
  let summary: Summary | undefined;
  for await (const { key } of cloud.objects.list('jobs/shop-')) {
    if (key.endsWith('/summary.json')) summary = await cloud.objects.getJson<Summary>(key);
  }
  await cloud.schedule({ kind: 'schedule', scraper: 'page', at: '2026-11-23T06:00:00Z' });
  // A single request that comes back is run under a record of its start.
  await cloud.drop('urls/page/one.txt', `${shop.url}/books/page-1.html\n`);
  await cloud.drain(2);
  await cloud.objects.put(
    'scrapers/titles.yaml',
    'pages:\n  page: { extract: { title: h1 }, follow: { "a[rel=next]": page } }\nfollow: { maxDepth: 1 }\n',
  );
  await cloud.drop('urls/titles/x.txt', `${shop.url}/books/page-1.html\n`);
  await cloud.drain();
  const titles = (await resultLines(cloud.objects)).filter(({ key }) => key.includes('scraper=titles/')).map(({ item }) => item);
  await dieOnce(cloud, shop);
  await cloud.drain();
  if (!summary) throw new Error(`There is no summary:\n${cloud.log('report')}`);
  return {
    results: results.toSorted(byUrl),
    errors: errors.toSorted(byUrl),
    titles,
    summary,
    calls: { enqueue: cloud.calls('enqueue'), scrape: cloud.calls('scrape'), report: cloud.calls('report') },
    logs: byName((name) => cloud.log(name)),
  };
}

/** A batch of a job in the dead-letter queue, as SQS puts it there. */
async function dieOnce(cloud: SmallCloud, shop: SampleShop): Promise<void> {
  const at = '2026-11-23T06:00:00.000Z';
  const batch: Batch = { v: 1, job: 'page-dead', id: 'd'.repeat(32), lane: 'dead', count: 1, requests: [{ url: `${shop.url}/dead` }] };
  const enqueued = { requests: 1, roots: 1, duplicates: 0, failed: 0, errors: {}, hosts: 1, at };
  const job: Job = {
    v: 1,
    id: 'page-dead',
    scraper: 'page',
    date: '2026-11-23',
    createdAt: at,
    source: 'test',
    options: {},
    lanes: 1,
    unique: true,
    enqueued,
  };
  await cloud.objects.putJson(keys.job(job.id), job);
  await cloud.objects.put(keys.active(job.id), '');
  await cloud.send('requestsDead', JSON.stringify(batch), 'dead');
}

/** A line without what differs from run to run. */
function steady(line: (ResultLine | ErrorLine) & { key: string }): { url: string } {
  const { key: _key, ...rest } = line;
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !['fetchedAt', 'timings', 'at'].includes(name))) as { url: string };
}

const byUrl = (a: { url: string }, b: { url: string }): number => (a.url < b.url ? -1 : 1);

let bundled: Run;
let source: Run;
beforeAll(async () => {
  const shop = await startShop();
  try {
    for (const name of functionNames) cpSync(assetOf(name), join(elsewhere, name), { recursive: true });
    bundled = await run(
      byName((name) => join(elsewhere, name, 'index.mjs')),
      shop,
    );
    source = await run(
      byName((name) => join(import.meta.dirname, '../../functions', name, 'handler.ts')),
      shop,
    );
  } finally {
    await shop.close();
  }
});

describe('the assets of the assembly, with no package around them', () => {
  test.each(functionNames)('%s is one module with its source map', (name) => {
    expect(readdirSync(assetOf(name)).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['index.mjs', 'index.mjs.map']);
  });

  test('scrape a site from end to end', () => {
    expect(bundled.summary).toMatchObject({
      scraper: 'shop',
      state: 'finished',
      requests: { pending: 0, failed: 2, skipped: { robots: 1 } },
    });
    expect(bundled.results.length).toBeGreaterThan(40);
    expect(bundled.results).toHaveLength(bundled.summary.items);
  });

  test('run a recipe that was dropped into the bucket', () => {
    expect(bundled.titles).toHaveLength(2);
    expect(bundled.titles).toEqual(source.titles);
    const reads = bundled.calls.enqueue.filter(({ action }) => action === 's3:GetObject').map(({ resource }) => resource);
    expect(reads).toContain(`${LOCAL_BUCKET}/scrapers/titles.yaml`);
  });

  test('give the same result and error lines as the sources', () => {
    expect(bundled.results).toEqual(source.results);
    expect(bundled.errors).toEqual(source.errors);
  });

  test('tell CloudWatch what was done', () => {
    const metrics = bundled.logs.report.split('\n').find((line) => line.includes('CloudWatchMetrics') && line.includes('PagesSucceeded'));

    expect(JSON.parse(metrics ?? '{}')).toMatchObject({ service: 'urldrop-test', PagesSucceeded: bundled.summary.requests.succeeded });
  });

  test('log what a job, a batch, a lane and a URL can be followed by', () => {
    const lines = bundled.logs.scrape
      .split('\n')
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []));
    const { id: job, errors } = bundled.summary;
    const failed = errors['http-404']?.url;

    const batch = lines.find((line) => line['message'] === 'batch' && line['job'] === job);
    expect(batch).toMatchObject({ batch: expect.any(String) as string, lane: expect.stringMatching(/^127\.0\.0\.1/) as string });
    expect(lines).toContainEqual(
      expect.objectContaining({ message: 'attempt failed', job, lane: batch?.['lane'], url: failed, code: 'http-404' }),
    );
    const pages = lines.filter((line) => line['message'] === 'page' && line['job'] === job);
    expect(pages).toHaveLength(bundled.summary.requests.succeeded);
    expect(pages[0]).toMatchObject({ lane: batch?.['lane'], url: expect.stringMatching(/^http:/) as string, status: 200 });
  });

  test('log no secret, at their most talkative', () => {
    for (const name of functionNames) expect(bundled.logs[name]).not.toContain(SECRET);
  });

  test('log JSON lines and nothing else', () => {
    for (const name of functionNames) {
      const lines = bundled.logs[name].split('\n').filter((line) => line !== '');
      expect(lines.filter((line) => !line.startsWith('{'))).toEqual([]);
    }
  });
});

describe('least privilege', () => {
  /** What the template lets a function do, with local names in place of the references. */
  function isAllowed(name: FunctionName, call: AwsCall): boolean {
    return statementsOf(template, name).some(
      (statement) =>
        statement.Effect === 'Allow' &&
        listOf(statement.Action).includes(call.action) &&
        listOf(statement.Resource).some((r) => matches(plain(r), call.resource)),
    );
  }

  function matches(arn: string, resource: string): boolean {
    const queue = Object.entries(settings.queues).find(([queueName]) => arn === `<${queueNamed(template, queueName).id}>`);
    if (queue) return resource === queue[1].name;
    const pattern = arn.replace(`<${bucketId}>`, LOCAL_BUCKET);
    return pattern.endsWith('*') ? resource.startsWith(pattern.slice(0, -1)) : resource === pattern;
  }

  test.each(functionNames)('covers every call that %s made', (name) => {
    const calls = bundled.calls[name];

    expect(calls.length).toBeGreaterThan(3);
    expect(calls.filter((call) => !isAllowed(name, call))).toEqual([]);
  });

  test.each(['starts/', 'state/hosts/', 'state/seen/', 'outcomes/', 'results/', 'errors/'])(
    'was tried on what scrape keeps under %s',
    (prefix) => {
      const written = bundled.calls.scrape.filter(({ action }) => action === 's3:PutObject').map(({ resource }) => resource);

      expect(written.some((key) => key.startsWith(`${LOCAL_BUCKET}/${prefix}`))).toBe(true);
    },
  );

  test.each(functionNames)('would not cover calls of %s elsewhere', (name) => {
    expect(isAllowed(name, { action: 's3:PutObject', resource: `${LOCAL_BUCKET}/urls/page/x` })).toBe(false);
    expect(isAllowed(name, { action: 's3:GetObject', resource: `${LOCAL_BUCKET}/results/x` })).toBe(false);
    expect(isAllowed(name, { action: 's3:DeleteObject', resource: `${LOCAL_BUCKET}/urls/page/x` })).toBe(false);
    expect(isAllowed(name, { action: 'sqs:SendMessage', resource: settings.queues.eventsDead.name })).toBe(name === 'enqueue');
  });
});

describe('bundling', () => {
  test('gives the same bytes from the same sources, and keeps to its size', async () => {
    const [first, second] = await Promise.all([bundleFunctions(), bundleFunctions()]);

    for (const [at, bundle] of first.entries()) {
      expect(Buffer.from(bundle.code).equals(second[at]?.code ?? new Uint8Array())).toBe(true);
      // What comes in unseen is large: a package's second entry point, a table twice. `npm run bench -- bundle` shows what is in it.
      expect(bundle.code.byteLength).toBeLessThan(mostBytes[bundle.name]);
      expect(bundle.packages.filter((p) => p.name === 'undici').length).toBeLessThan(2);
    }
  });

  test('loads HTTP/2 for the first server that speaks it', async () => {
    const authority = makeCertificate({ subject: 'test authority', isAuthority: true });
    const { cert, key } = makeCertificate({ subject: 'site', issuer: authority, names: ['127.0.0.1'] });
    const { origin } = await listen(
      createSecureServer({ cert, key }, (request, response) => {
        response.setHeader('content-type', 'text/plain');
        response.end(request.httpVersion);
      }),
      'https',
    );
    writeBundles(await bundleFunctions({ scrape: 'test/infra/bundled/http2-page.ts' }), join(elsewhere, 'http2'));
    const program = `
      const { handler } = await import(${JSON.stringify(join(elsewhere, 'http2/scrape/index.mjs'))});
      console.log(JSON.stringify(await handler(${JSON.stringify(`${origin}/`)}, ${JSON.stringify(authority.cert)})));`;

    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);

    expect(JSON.parse(stdout)).toEqual({ before: false, text: '2.0', after: true });
  });

  test('unpacks for the first article what reads it, and reads it like the sources', async () => {
    const text = 'It was a bright cold day in April, and the clocks were striking thirteen, &amp; Winston slipped through the doors. ';
    const html = `<title>A day</title><body><nav>Home</nav><table><b>misplaced</b></table>
      <article><h1>A day</h1><p>${text.repeat(9)}<p><a href=/next>more</a> *stars*<ul><li>one<li>two</ul></article>`;
    writeBundles(await bundleFunctions({ scrape: 'test/infra/bundled/article-page.ts' }), join(elsewhere, 'article'));
    const program = `
      const { handler } = await import(${JSON.stringify(join(elsewhere, 'article/scrape/index.mjs'))});
      console.log(JSON.stringify(await handler(${JSON.stringify(html)})));`;

    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);

    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(await articleOf(html))));
    expect(stdout).toContain('Winston');
  });

  test('stops at cheerio’s full entry point, which would bring a second undici', async () => {
    await expect(bundleFunctions({ scrape: 'test/infra/bundled/full-cheerio.ts' })).rejects.toThrow(
      /^The bundle of scrape holds .*undici 7\.[^]*Cheerio is imported as 'cheerio\/slim' only/,
    );
  });
});
