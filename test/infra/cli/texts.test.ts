import { expect, test } from 'vitest';
import { errorKind } from '../../../functions/job/errors.ts';
import { bytesText, countOf, durationText, rateText } from '../../../infra/cli/number-text.ts';
import { printable } from '../../../infra/cli/printable.ts';
import { summaryText } from '../../../infra/cli/summary-text.ts';
import { table } from '../../../infra/cli/table.ts';
import { summary } from './summaries.ts';

test.each([
  [0, '0.00 s'],
  [420, '0.42 s'],
  [4_200, '4.2 s'],
  [9_990, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min 00 s'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 05 min'],
])('%d ms is %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [33_333, '33 kB'],
  [999_600, '1.0 MB'],
  [2.5e12, '2.5 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test('counts agree with their noun', () => {
  expect([countOf(0, 'item'), countOf(1, 'item'), countOf(1234, 'item')]).toEqual(['0 items', '1 item', '1,234 items']);
  expect([rateText(0.25), rateText(9.94), rateText(1234.5)]).toEqual(['0.3', '9.9', '1,235']);
});

test('nothing that a page says reaches the terminal as a control sequence', () => {
  expect(printable('a\u001B]0;owned\u0007b\r\nc\u202Ed\u0085e')).toBe('a ]0;owned b c d e');
});

test('the closing words account for every request and show each error code with an example and a remedy', () => {
  const text = summaryText(
    summary({
      state: 'finished',
      wallMs: 12_300,
      requests: { total: 5_000, succeeded: 4_989, failed: 9, skipped: { duplicate: 2 }, pending: 0 },
      items: 5_010,
      cost: { usd: 0.001234, lambda: 0, s3: 0, sqs: 0, pricesAsOf: '2026-01' },
      estimate: { usd: 12.5, seconds: 90 },
      bytes: { wire: 160_000_000, decoded: 200_000_000 },
      pagesPerSecond: 405.6,
      errors: {
        timeout: { count: 1, url: 'http://a.example/slow', message: 'GET http://a.example/slow: not there whole after 30000 ms' },
        'http-404': { count: 8, url: 'http://a.example/gone', message: 'status 404' },
      },
    }),
  );
  expect(text).toBe(
    [
      'Job page-20260101-000000-abcdef finished after 12 s: 4,989 pages, 5,010 items, 160 MB, 406 pages/s',
      '  5,000 requests: 4,989 succeeded, 9 failed; skipped: 2 duplicate',
      '  cost: $0.0012, estimated $12.50 and 1 min 30 s (on AWS, prices of 2026-01)',
      'Errors by code:',
      '  http-404        8  e.g. status 404 (http://a.example/gone)',
      `                     ${errorKind('http-404').remedy}`,
      '  timeout         1  e.g. GET http://a.example/slow: not there whole after 30000 ms',
      `                     ${errorKind('timeout').remedy}`,
    ].join('\n'),
  );
});

test('the closing words say what robots.txt slowed the job down, and how each proxy fared', () => {
  const text = summaryText(
    summary({
      crawlDelays: {
        'https://a.example': { declaredMs: 2_000, keptMs: 2_000 },
        'https://b.example': { declaredMs: 120_000, keptMs: 60_000 },
      },
      proxies: { 'proxy.example:3128': { fetches: 1, failures: 0 }, '192.0.2.7:1080': { fetches: 1_200, failures: 3 } },
    }),
  );
  expect(text.split('\n').slice(3)).toEqual([
    'Slowed down by crawl-delay in robots.txt:',
    '  https://b.example  2 min 00 s between two requests; 1 min 00 s, the most that is granted, are kept',
    '  https://a.example  2.0 s between two requests',
    'Through proxies:',
    '  proxy.example:3128  1 fetch, 0 failed by the proxy',
    '  192.0.2.7:1080  1,200 fetches, 3 failed by the proxy',
  ]);
});

test('a table puts numbers to the right, cuts long texts and leaves out the columns that do not fit', () => {
  const items = [
    { title: 'A short one', price: 9.5, tags: ['x', 'y'], description: 'z'.repeat(80) },
    { title: '本の題名', price: 12, tags: [], description: null, late: 1 },
  ];
  expect(table(items, 60)).toBe(
    [
      'title        price  tags  description',
      `-----------  -----  ----  ${'-'.repeat(34)}`,
      `A short one    9.5  x, y  ${'z'.repeat(33)}…`,
      '本の題名        12',
    ].join('\n'),
  );
});

test('a table never grows wider than the terminal', () => {
  const items = [Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`field${i}`, 'value '.repeat(i)]))];
  for (const columns of [1, 10, 40, 100]) {
    for (const line of table(items, columns).split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  }
});
