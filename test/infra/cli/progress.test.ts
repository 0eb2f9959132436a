import { expect, test } from 'vitest';
import { Progress, progressLine } from '../../../infra/cli/progress.ts';
import { summary } from './summaries.ts';

function output(isTTY: boolean) {
  const written: string[] = [];
  return { written, isTTY, columns: 60, write: (text: string) => written.push(text) };
}

const at = (succeeded: number) =>
  summary({ requests: { total: 1000, succeeded, failed: 10, skipped: { robots: 5 }, pending: 985 - succeeded } });

test('a line tells what has ended of all, the rate, the errors and the time left', () => {
  expect(progressLine(at(485), 50)).toBe('[############............] 500 of 1,000 · 50 pages/s · 10 errors · 10 s left');
});

test('while the input is being read the total is called preliminary and no time left is promised', () => {
  expect(progressLine({ ...at(485), state: 'enqueueing' }, 50)).toBe(
    '[############............] 500 of 1,000 so far · 50 pages/s · 10 errors',
  );
});

test('a job that has just begun shows no rate', () => {
  expect(progressLine(summary(), 0)).toBe('[........................] 0 of 0 · 0 errors');
});

test('on a terminal one line is drawn over itself and never wider than the screen', () => {
  const out = output(true);
  let nowMs = 0;
  const progress = new Progress(out, () => nowMs);
  progress.show(at(0));
  nowMs = 2_000;
  progress.show(at(100));
  progress.clear();
  expect(out.written.at(-2)).toContain('115 of 1,000 · 50 pages/s');
  for (const text of out.written) {
    expect(text.startsWith('\r\u001B[K')).toBe(true);
    expect(text.length).toBeLessThanOrEqual(60 + '\r\u001B[K'.length);
    expect(text).not.toContain('\n');
  }
});

test('elsewhere a plain line comes every five seconds', () => {
  const out = output(false);
  let nowMs = 0;
  const progress = new Progress(out, () => nowMs);
  for (; nowMs <= 10_000; nowMs += 1_000) progress.show(at(nowMs / 10));
  expect(out.written).toEqual([
    '15 of 1,000 · 10 errors\n',
    '515 of 1,000 · 100 pages/s · 10 errors · 4.8 s left\n',
    '1,015 of 1,000 · 100 pages/s · 10 errors\n',
  ]);
});

test('the rate is that of the last quarter of a minute, not of the whole job', () => {
  const out = output(false);
  let nowMs = 0;
  const progress = new Progress(out, () => nowMs);
  progress.show(at(0));
  for (let s = 1; s <= 60; s++) {
    nowMs = s * 1000;
    progress.show(at(s <= 30 ? s * 10 : 300));
  }
  expect(out.written.at(-1)).toBe('315 of 1,000 · 10 errors\n');
});
