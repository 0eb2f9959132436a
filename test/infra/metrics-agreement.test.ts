import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchId } from '../../functions/job/batch.ts';
import { errorCatalogue, errorKind, type ErrorCode } from '../../functions/job/errors.ts';
import { keys } from '../../functions/job/keys.ts';
import type { Outcome } from '../../functions/job/outcome.ts';
import { TallyCounter } from '../../functions/job/tally.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { startWeb } from '../helpers/web.ts';
import { functionNamed, ofType, plain, synthesise } from './synthesised.ts';

/**
 * One minute of the report function as it is deployed, its environment that of the template, over a job in which a page fails with each code
 * of the catalogue: what it prints is held against the catalogue, and against what dashboard and alarms of the template read.
 */
interface Printed {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
  readonly [name: string]: unknown;
}

/** A status for each class; every other entry is a code by itself. */
const STATUS: Readonly<Record<string, ErrorCode>> = { 'http-3xx': 'http-300', 'http-4xx': 'http-418', 'http-5xx': 'http-507' };
const codes = Object.keys(errorCatalogue).map((entry) => STATUS[entry] ?? (entry as ErrorCode));

const { template } = synthesise();
const environment = functionNamed(template, 'report').properties.Environment.Variables as Record<string, unknown>;
let stage: Stage;
let printed: readonly Printed[];

beforeAll(async () => {
  stage = await Stage.start();
  const job = await stage.startJob('test', [{ url: 'http://a.example/' }]);
  const tally = Object.assign(new TallyCounter(), { succeeded: 1, failed: codes.length, items: 2, fetches: 3, wireBytes: 4 });
  for (const [at, code] of codes.entries()) for (let n = 0; n <= at; n++) tally.error(code, 'http://a.example/', 'It failed.');
  const outcome = {
    v: 1,
    job: job.id,
    batch: batchId(job.id, 'a.example'),
    lane: 'a.example',
    startedAt: job.createdAt,
    committedAt: job.createdAt,
    ...tally.reading(),
    children: [],
    usage: { s3Writes: 1, s3Reads: 1, sqsRequests: 1, gbSeconds: 100 },
  } satisfies Outcome;
  await stage.cloud.objects.putJson(keys.outcome(job.id, outcome.batch), outcome);
  const program = `
    const { handler } = await import('./functions/report/handler.ts');
    await handler({}, { getRemainingTimeInMillis: () => 60_000 });`;
  const own = Object.fromEntries(
    ['POWERTOOLS_METRICS_NAMESPACE', 'POWERTOOLS_SERVICE_NAME'].map((name) => [name, plain(environment[name])]),
  );
  // Not spawnSync: the bucket is in this process.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    env: { PATH: process.env['PATH'], ...stage.aws.environment, ...own },
  });
  if (stderr !== '') throw new Error(stderr);
  const lines = stdout.split('\n').filter((line) => line.includes('"_aws"'));
  printed = lines.map((line) => JSON.parse(line) as Printed);
});
afterAll(() => stage?.[Symbol.asyncDispose]());

const directiveOf = ({ _aws: { CloudWatchMetrics: all } }: Printed) => {
  const [directive, ...more] = all;
  if (!directive || more.length > 0) throw new Error('A line was expected to hold one set of metrics.');
  return directive;
};
const namesIn = (line: Printed): string[] => directiveOf(line).Metrics.map(({ Name }) => Name);
const isByCode = (line: Printed): boolean => namesIn(line).includes('Errors');

describe('what the report function prints', () => {
  test('has each code of the catalogue, with its own count, and no other', () => {
    const counts = printed.filter(isByCode).map((line) => [line['code'], line['Errors']]);
    expect(counts).toEqual(codes.map((code, at) => [code, at + 1]));
    // Each stands for an entry, and no two for the same.
    expect(new Set(codes.map((code) => errorKind(code))).size).toBe(Object.keys(errorCatalogue).length);
  });

  test('is what the template reads, by namespace, dimensions and names, and all of it', () => {
    const [{ Properties } = { Properties: {} }] = Object.values(ofType(template, 'AWS::CloudWatch::Dashboard'));
    const alarms = Object.values(ofType(template, 'AWS::CloudWatch::Alarm')).map((alarm) => JSON.stringify(alarm.Properties));
    const read = [plain(Properties.DashboardBody), ...alarms].join('\n');
    const service = plain(environment['POWERTOOLS_SERVICE_NAME']);

    // As dashboards have it: "urldrop","Name","service","…"; as alarms do: "MetricName":"Name","Namespace":"urldrop".
    const inDashboard = Array.from(read.matchAll(/\["urldrop","(\w+)","service","([^"]+)"/g), ([, name, of]) => [name, of] as const);
    const inAlarms = Array.from(read.matchAll(/"MetricName":"(\w+)","Namespace":"urldrop"/g), ([, name]) => [name, service] as const);
    const sums = new Set(printed.filter((line) => !isByCode(line)).flatMap(namesIn));
    expect(inAlarms.length).toBeGreaterThan(0);
    expect(new Set([...inDashboard, ...inAlarms].map(([name]) => name))).toEqual(sums);
    expect(new Set([...inDashboard, ...inAlarms].map(([, of]) => of))).toEqual(new Set([service]));

    const [search = ''] = /SEARCH\(.*?\)/.exec(read) ?? [];
    const [, namespace, dimensions, of, name] = /\{(\w+),([\w,]+)\} service=\W+([\w-]+)\W+ MetricName=\W+(\w+)/.exec(search) ?? [];
    for (const line of printed) {
      expect([line['service'], directiveOf(line).Namespace]).toEqual([of, namespace]);
      expect(directiveOf(line).Dimensions).toEqual([isByCode(line) ? dimensions?.split(',') : ['service']]);
    }
    expect(new Set(printed.filter(isByCode).flatMap(namesIn))).toEqual(new Set([name]));
  });
});

test('a failure that nobody foresaw has a code of the catalogue too', async () => {
  await using web = await startWeb({ '/page': html('Page') });
  const broken = scraper({
    run: () => Promise.reject(new TypeError('a fault')),
    request: { retries: 0 },
    politeness: { robots: 'ignore' },
  });
  const job = await stage.startJob('test', [{ url: `${web.url}/page` }, { url: 'http://127.0.0.1:1/' }], { id: 'test-real' });
  await stage.drain(stage.tools([broken]));
  expect(Object.keys((await stage.summary(job)).errors).toSorted()).toEqual(['connect', 'internal']);
  expect(codes).toEqual(expect.arrayContaining(['connect', 'internal']));
});
