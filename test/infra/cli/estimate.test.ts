import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { estimateJob, type Load } from '../../../functions/job/estimate.ts';
import type { Summary } from '../../../functions/job/summary.ts';
import { optionTable } from '../../../functions/options.ts';
import { prices } from '../../../functions/job/cost.ts';
import { fleet } from '../../../infra/settings.ts';
import { tempDir } from '../local/clouds.ts';
import { startSite, urldrop } from './command.ts';

const load = (requests: number, hosts: number, largest: number): Load => ({
  requests,
  hosts,
  largestHost: { host: 'large.example', requests: largest },
});

const basis = { concurrency: 4, delayMs: 0, pageMs: 500, cpuMs: 8 };

test('one host takes its requests at its own pace, and its invocation is paid for alone', () => {
  const { seconds, cost } = estimateJob(load(8_000, 1, 8_000), basis, { ...fleet, memoryMb: 1_024 });
  // 8,000 pages, 4 at a time, half a second each.
  expect(seconds).toBe(1_000);
  expect(cost.lambda).toBeCloseTo(1_000 * prices.lambdaGbSecond, 4);
});

test('a delay sets the pace where it is longer than the page', () => {
  expect(estimateJob(load(60, 1, 60), { ...basis, delayMs: 1_000 }, fleet).seconds).toBe(60);
});

test('many hosts share invocations until their CPU is what they wait for', () => {
  const { seconds, cost } = estimateJob(load(1_000_000, 10_000, 100), basis, { ...fleet, memoryMb: 1_024 });
  // 8 ms of a full core each, at 1,024 of the 1,769 MB that have one.
  expect(cost.lambda).toBeCloseTo(1_000_000 * 0.008 * (1_769 / 1_024) * prices.lambdaGbSecond, 2);
  expect(seconds).toBeGreaterThan(100);
});

test('the largest host decides how long a job takes', () => {
  expect(estimateJob(load(90_000, 1_001, 80_000), basis, fleet).seconds).toBe(10_000);
});

test('the functions are told of the fleet that the stack has', () => {
  const { scrapeMemoryMb, maxConcurrency } = optionTable;
  expect([scrapeMemoryMb.default, maxConcurrency.default]).toEqual([fleet.memoryMb, fleet.maxConcurrency]);
});

test('a job keeps what was expected of it, and shows it beside what it took', async () => {
  using dir = tempDir();
  await using site = await startSite();
  const { stdout, stderr } = await urldrop(dir.path, [
    'run',
    `${site.url}/{1..3}`,
    `${site.url}/2`,
    '--delay',
    '10',
    '--allow-private',
    '--json',
  ]);
  const { estimate, cost, usage, id } = JSON.parse(stdout) as Summary;
  expect([stderr, estimate]).toEqual(['', { seconds: 1, usd: expect.any(Number) as number }]);
  expect(estimate?.usd).toBeGreaterThan(0);
  expect(cost.usd).toBeGreaterThan(0);
  for (const counted of [usage.gbSeconds, usage.s3Reads, usage.s3Writes, usage.sqsRequests]) expect(counted).toBeGreaterThan(0);
  const status = await urldrop(dir.path, ['status', id]);
  expect(status.stdout).toMatch(/^ {2}cost: \$0\.0+\d+, estimated \$0\.0+\d+ and 1\.0 s \(on AWS, prices of 20\d\d-\d\d\)$/m);
});

test('the command says what a file holds and what it would take', async () => {
  using dir = tempDir();
  writeFileSync(
    join(dir.path, 'urls.txt'),
    `${Array.from({ length: 1_200 }, (_, n) => `http://a.example/${n}\n`).join('')}http://b.example/\nhttp://a.example/7\nnonsense\n`,
  );
  const { code, stdout } = await urldrop(dir.path, ['estimate', 'urls.txt', '--delay', '500']);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^1,201 requests to 2 hosts, 1 duplicate, 1 line of no use\nMost to one host: 1,200 to a\.example\nAt one request every 500 ms per host .* about 10 min 00 s and \$0\.\d{4} /,
  );
});
