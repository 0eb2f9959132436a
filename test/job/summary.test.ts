import { describe, expect, it } from 'vitest';
import type { Job } from '../../functions/job/job.ts';
import { addTally, emptyTally, emptyUsage, isComplete, skippedTotal, summarise, type Folded } from '../../functions/job/summary.ts';

const CREATED = '2026-03-01T10:00:00.000Z';
const job = (more: Partial<Job> = {}): Job => ({
  v: 1,
  id: 'page-20260301-100000-abcdef',
  scraper: 'page',
  date: '2026-03-01',
  createdAt: CREATED,
  source: 'urls/page/list.txt',
  options: {},
  lanes: 1,
  unique: true,
  ...more,
});
const enqueued = {
  requests: 10,
  roots: 2,
  duplicates: 1,
  failed: 1,
  errors: { 'bad-url': { count: 1, url: 'x', message: 'no' } },
  hosts: 2,
  at: CREATED,
};
const folded = (more: Partial<Folded> = {}): Folded => ({
  tally: emptyTally,
  usage: emptyUsage,
  outcomes: 0,
  children: 0,
  hosts: {},
  ...more,
});

describe('a summary', () => {
  it('accounts for every request at every tick', () => {
    const tally = { ...emptyTally, succeeded: 4, failed: 1, skipped: { duplicate: 1, robots: 1 }, followed: 5 };
    const { requests } = summarise(job({ enqueued }), folded({ tally, outcomes: 1, children: 1 }), Date.parse(CREATED) + 2000);
    expect(requests).toEqual({ total: 15, succeeded: 4, failed: 2, skipped: { duplicate: 2, robots: 1 }, pending: 6 });
    expect(requests.total).toBe(requests.succeeded + requests.failed + skippedTotal(requests.skipped) + requests.pending);
  });

  it('is running until every batch that was ever named has its outcome', () => {
    const j = job({ enqueued });
    expect(isComplete(j, folded({ outcomes: 2, children: 1 }))).toBe(false);
    expect(isComplete(j, folded({ outcomes: 3, children: 1 }))).toBe(true);
    expect(summarise(j, folded({ outcomes: 2, children: 1 }), Date.parse(CREATED)).state).toBe('running');
  });

  it('is never complete while the input is being read, whatever has ended', () => {
    const s = summarise(job(), folded({ outcomes: 5, children: 0, tally: { ...emptyTally, succeeded: 5 } }), Date.parse(CREATED));
    expect(s.state).toBe('enqueueing');
    expect(s.finishedAt).toBeUndefined();
  });

  it('ends when the last batch was committed, not when somebody looked', () => {
    const lastCommitAt = '2026-03-01T10:00:10.000Z';
    const tally = { ...emptyTally, succeeded: 8 };
    const s = summarise(job({ enqueued }), folded({ outcomes: 2, tally, lastCommitAt }), Date.parse(CREATED) + 3_600_000);
    expect(s).toMatchObject({ state: 'finished', finishedAt: lastCommitAt, wallMs: 10_000, pagesPerSecond: 0.8 });
  });

  it('says cancelled when the stop sign ended some of it', () => {
    const tally = { ...emptyTally, succeeded: 2, skipped: { cancelled: 6 } };
    expect(summarise(job({ enqueued }), folded({ outcomes: 2, tally }), Date.parse(CREATED)).state).toBe('cancelled');
  });

  it('finishes a job without a single batch as soon as its input is read', () => {
    const s = summarise(job({ enqueued: { ...enqueued, requests: 1, roots: 0, duplicates: 0 } }), folded(), Date.parse(CREATED) + 5);
    expect(s).toMatchObject({ state: 'finished', requests: { total: 1, failed: 1, pending: 0 } });
  });

  it('keeps the first example of an error code while counts add up', () => {
    const a = { ...emptyTally, errors: { timeout: { count: 2, url: 'a', message: 'A' } } };
    const b = { ...emptyTally, errors: { timeout: { count: 3, url: 'b', message: 'B' } } };
    expect(addTally(a, b).errors).toEqual({ timeout: { count: 5, url: 'a', message: 'A' } });
  });

  it('adds up what went through each proxy, and keeps the longest delays that sites ask for', () => {
    const a = { ...emptyTally, proxies: { one: { fetches: 2, failures: 1 } } };
    const b = { ...emptyTally, proxies: { one: { fetches: 3, failures: 0 }, two: { fetches: 1, failures: 1 } } };
    expect(addTally(a, b).proxies).toEqual({ one: { fetches: 5, failures: 1 }, two: { fetches: 1, failures: 1 } });
    let many = emptyTally;
    for (let i = 1; i <= 50; i++) {
      const crawlDelays = { [`https://${i}.example`]: { declaredMs: i * 1_000, keptMs: i * 1_000 } };
      many = addTally(many, { ...emptyTally, crawlDelays });
    }
    const kept = Object.values(many.crawlDelays ?? {}).map(({ keptMs }) => keptMs);
    expect(kept.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, i) => (i + 31) * 1_000));
    expect('crawlDelays' in addTally(emptyTally, emptyTally)).toBe(false);
  });
});
