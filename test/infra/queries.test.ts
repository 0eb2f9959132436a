import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Summary } from '../../functions/job/summary.ts';
import { savedQueries, tableDefinitions } from '../../infra/cloud/tables.ts';
import { startLocalCloud } from '../../infra/local/local-cloud.ts';
import { startShop } from '../sites/shop.ts';

/** As much of `@duckdb/node-api` as is used here: it is large and native, and these tests are its only use. */
interface DuckDb {
  readonly DuckDBInstance: { create(): Promise<{ connect(): Promise<Connection> }> };
}
interface Connection {
  run(sql: string): Promise<unknown>;
  runAndReadAll(sql: string): Promise<{ getRowObjectsJson(): Record<string, unknown>[] }>;
}

const DUCKDB: string = '@duckdb/node-api';
const duckDb = await import(DUCKDB).then(
  (module) => module as DuckDb,
  () => undefined,
);

const directory = mkdtempSync(join(tmpdir(), 'urldrop-queries-'));
let summary: Summary;
let db: Connection;

/** Runs a job in the local cloud, and copies its files out of the bucket as they lie. */
async function collect(): Promise<Summary> {
  const shop = await startShop();
  const cloud = await startLocalCloud({ workers: 1, functionOptions: { URLDROP_ALLOWED_NETWORKS: '*' }, onProblem: () => {} });
  try {
    const urls = [`${shop.url}/books/page-12.html`, `${shop.url}/nowhere.html`];
    await cloud.objects.putJson('urls/shop/list.job.json', { urls, options: { maxDepth: 1 } });
    const done = await finished(cloud.objects);
    for (const { prefix } of Object.values(tableDefinitions([]))) {
      for await (const { key } of cloud.objects.list(prefix)) {
        mkdirSync(dirname(join(directory, key)), { recursive: true });
        writeFileSync(join(directory, key), (await cloud.objects.get(key)) ?? '');
      }
    }
    return done;
  } finally {
    await cloud.stop(0);
    await shop.close();
  }
}

async function finished(objects: Awaited<ReturnType<typeof startLocalCloud>>['objects']): Promise<Summary> {
  for (;;) {
    for await (const { key } of objects.list('jobs/')) {
      if (!key.endsWith('/summary.json')) continue;
      const found = await objects.getJson<Summary>(key);
      if (found?.state === 'finished') return found;
    }
    await sleep(20);
  }
}

/** The tables that Athena has, as views on the files, made of the same definitions. */
async function openTables(instance: DuckDb): Promise<Connection> {
  const connection = await (await instance.DuckDBInstance.create()).connect();
  // The one function of the saved queries that has another name here.
  await connection.run('CREATE MACRO json_extract_scalar(json, path) AS json_extract_string(json, path)');
  const types = { string: 'VARCHAR', int: 'INTEGER', bigint: 'BIGINT', boolean: 'BOOLEAN' };
  for (const [name, { prefix, columns, partitions, template }] of Object.entries(tableDefinitions(['shop']))) {
    // The job's scraper compares no runs: it has no changes/.
    if (!existsSync(join(directory, prefix))) continue;
    const fields = Object.entries(columns).map(([column, type]) => `"${column}": '${types[type]}'`);
    const isHive = Object.keys(partitions).every((key) => template.includes(`${key}=`));
    const folder = isHive ? '' : `, regexp_extract(filename, '${prefix}([^/]+)/', 1) AS ${Object.keys(partitions)[0]}`;
    await connection.run(
      `CREATE VIEW ${name} AS SELECT *${folder} FROM read_json('${directory}/${prefix}**/*', format = 'newline_delimited',
         columns = {${fields.join(', ')}}, hive_partitioning = ${isHive}, filename = true)`,
    );
  }
  return connection;
}

beforeAll(async () => {
  if (!duckDb) return;
  summary = await collect();
  db = await openTables(duckDb);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function query(name: keyof typeof savedQueries, url = ''): Promise<Record<string, unknown>[]> {
  const sql = savedQueries[name].sql.replace("'JOB'", `'${summary.id}'`).replaceAll("'URL'", `'${url}'`);
  return (await db.runAndReadAll(sql)).getRowObjectsJson();
}

// Skipped where DuckDB is not installed: it is no dependency of anything else.
test.skipIf(!duckDb)('items per day add up to the summary', async () => {
  expect(await query('items-per-day')).toEqual([
    expect.objectContaining({ scraper: 'shop', date: summary.date, items: String(summary.items), pages: String(summary.items) }),
  ]);
});

test.skipIf(!duckDb)('errors come by code and host, with an example', async () => {
  expect(await query('errors-by-code-and-host')).toEqual([
    expect.objectContaining({
      code: 'http-404',
      failed: '1',
      host: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      example: expect.stringContaining('404') as string,
    }),
  ]);
});

test.skipIf(!duckDb)('one URL is found among the results and among the errors', async () => {
  const { url: failed = '' } = summary.errors['http-404'] ?? {};
  const [result = {}] = (await db.runAndReadAll('SELECT url, status FROM results LIMIT 1')).getRowObjectsJson();

  expect(await query('one-url', failed)).toEqual([expect.objectContaining({ became: 'error', code: 'http-404', status: 404 })]);
  expect(await query('one-url', String(result['url']))).toEqual([expect.objectContaining({ became: 'result', code: null, status: 200 })]);
});

test.skipIf(!duckDb)('hosts come by the time of their pages', async () => {
  const [host] = await query('slowest-hosts');

  expect(host).toMatchObject({ items: String(summary.items) });
  expect(host?.['average_ms']).toBeGreaterThan(0);
});

test.skipIf(!duckDb)('the batches of a job add up to its summary', async () => {
  const lanes = await query('batches-of-a-job');
  const sum = (field: string): number => lanes.reduce((total, lane) => total + Number(lane[field]), 0);

  expect(sum('succeeded')).toBe(summary.requests.succeeded);
  expect(sum('failed')).toBe(summary.requests.failed);
  expect(sum('batches')).toBe(summary.batches.committed);
  expect(sum('gb_seconds')).toBeGreaterThan(0);
});
