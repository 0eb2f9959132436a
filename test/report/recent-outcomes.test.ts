import { expect, test } from 'vitest';
import { batchId } from '../../functions/job/batch.ts';
import { RecentOutcomes } from '../../functions/report/recent-outcomes.ts';

const MINUTE_MS = 60_000;
const ids = Array.from({ length: 3_000 }, (_, i) => batchId('job', String(i)));

test('what was folded lately is known again from its text, at 8 bytes each, and nothing else is', () => {
  const recent = RecentOutcomes.decode({});
  for (const [i, id] of ids.entries()) if (i % 2 === 0) recent.add(id, i * 100);
  const text = recent.encode(0);
  const known = RecentOutcomes.decode(text);

  expect(ids.map((id) => known.has(id))).toEqual(ids.map((_, i) => i % 2 === 0));
  expect(Object.values(text).join('').length).toBeLessThan((ids.length / 2) * 8 * (4 / 3) + 50);
});

test('a minute is dropped when all of it is over, and not before', () => {
  const [old = '', young = ''] = ids;
  const recent = RecentOutcomes.decode({});
  recent.add(old, 5 * MINUTE_MS);
  recent.add(young, 6 * MINUTE_MS);
  const known = (sinceMs: number): boolean[] => [old, young].map((id) => RecentOutcomes.decode(recent.encode(sinceMs)).has(id));

  expect(known(6 * MINUTE_MS - 1)).toEqual([true, true]);
  expect(known(6 * MINUTE_MS)).toEqual([false, true]);
});

test('an id whose hash would be zero is held like any other', () => {
  const id = '0'.repeat(32);
  const recent = RecentOutcomes.decode({});
  expect(recent.has(id)).toBe(false);
  recent.add(id, 0);
  expect(RecentOutcomes.decode(recent.encode(0)).has(id)).toBe(true);
});
