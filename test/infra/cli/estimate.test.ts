import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prices } from '../../../functions/job/cost.ts';
import { estimateJob } from '../../../infra/cli/estimate-job.ts';
import { settings } from '../../../infra/settings.ts';
import { tempDir } from '../local/clouds.ts';
import { urldrop } from './command.ts';

const basis = { concurrency: 4, delayMs: 0, pageMs: 500, cpuMs: 8 };

test('one host takes its requests at its own pace, and its invocation is paid for alone', () => {
  const { seconds, cost } = estimateJob(new Map([['a.example', 8_000]]), basis, settings);
  // 8,000 pages, 4 at a time, half a second each.
  expect(seconds).toBe(1_000);
  expect(cost.lambda).toBeCloseTo(1_000 * prices.lambdaGbSecond, 4);
});

test('a delay sets the pace where it is longer than the page', () => {
  expect(estimateJob(new Map([['a.example', 60]]), { ...basis, delayMs: 1_000 }, settings).seconds).toBe(60);
});

test('many hosts share invocations until their CPU is what they wait for', () => {
  const counts = new Map(Array.from({ length: 10_000 }, (_, i) => [`h${i}.example`, 100]));
  const { requests, seconds, cost } = estimateJob(counts, basis, settings);
  expect(requests).toBe(1_000_000);
  // 8 ms of a full core each, at 1,024 of the 1,769 MB that have one.
  expect(cost.lambda).toBeCloseTo(1_000_000 * 0.008 * (1_769 / 1_024) * prices.lambdaGbSecond, 2);
  expect(seconds).toBeGreaterThan(100);
});

test('the largest host decides how long a job takes', () => {
  const counts = new Map(Array.from({ length: 1_000 }, (_, i) => [`h${i}.example`, 10]));
  const { seconds, largestHost } = estimateJob(counts.set('large.example', 80_000), basis, settings);
  expect([seconds, largestHost]).toEqual([10_000, { host: 'large.example', requests: 80_000 }]);
});

test('the command says what a file holds and what it would take', async () => {
  using dir = tempDir();
  writeFileSync(join(dir.path, 'urls.txt'), `${'http://a.example/x\n'.repeat(1_200)}http://b.example/\nnonsense\n`);
  const { code, stdout } = await urldrop(dir.path, ['estimate', 'urls.txt', '--delay', '500']);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^1,201 requests to 2 hosts, 1 line of no use\nMost to one host: 1,200 to a\.example\nAt one request every 500 ms per host .* about 10 min 00 s and \$0\.\d{4} /,
  );
});
