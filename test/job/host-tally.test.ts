import { describe, expect, it } from 'vitest';
import { addHosts, failingHosts, slowestHosts, type HostTally } from '../../functions/job/host-tally.ts';
import type { Outcome } from '../../functions/job/outcome.ts';
import { emptyTally, emptyUsage } from '../../functions/job/summary.ts';

const outcome = (lane: string, more: Partial<Outcome>): Outcome => ({
  v: 1,
  job: 'j',
  batch: 'b',
  lane,
  startedAt: '',
  committedAt: '',
  ...emptyTally,
  children: [],
  usage: emptyUsage,
  ...more,
});

describe('the hosts of a job', () => {
  it('are told by the time a page takes and by what failed, lanes of one host together', () => {
    let sum: Record<string, HostTally> = {};
    sum = addHosts(sum, outcome('a.example#0', { fetches: 2, fetchMs: 100, failed: 1 }));
    sum = addHosts(sum, outcome('a.example#1', { fetches: 2, fetchMs: 300, failed: 2 }));
    sum = addHosts(sum, outcome('b.example', { fetches: 1, fetchMs: 900 }));
    expect(slowestHosts(sum)).toEqual([
      { host: 'b.example', fetches: 1, fetchMs: 900, failed: 0 },
      { host: 'a.example', fetches: 4, fetchMs: 400, failed: 3 },
    ]);
    expect(failingHosts(sum).map((h) => h.host)).toEqual(['a.example']);
    // Taken up again, they have not failed.
    sum = addHosts(sum, outcome('retry/x', { retried: { failed: 3, robots: 0, errors: {}, hosts: { 'a.example': 3 } } }));
    expect(failingHosts(sum)).toEqual([]);
    expect(Object.keys(sum)).toEqual(['a.example', 'b.example']);
  });

  it('are kept where they matter, however many there are', () => {
    let sum: Record<string, HostTally> = {};
    for (let n = 0; n < 5_000; n++)
      sum = addHosts(sum, outcome(`h${n}.example`, { fetches: 1, fetchMs: n === 17 ? 9_999 : 1, failed: n === 4_321 ? 99 : 0 }));
    expect(Object.keys(sum).length).toBeLessThanOrEqual(400);
    expect(slowestHosts(sum)[0]?.host).toBe('h17.example');
    expect(failingHosts(sum)[0]?.host).toBe('h4321.example');
  });
});
