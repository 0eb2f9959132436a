import type { Summary } from '../../../functions/job/summary.ts';

/** A summary with defaults, so that a test names only what matters to it. */
export function summary(more: Partial<Omit<Summary, 'requests'>> & { requests?: Partial<Summary['requests']> } = {}): Summary {
  const base: Summary = {
    v: 1,
    id: 'page-20260101-000000-abcdef',
    scraper: 'page',
    date: '2026-01-01',
    state: 'running',
    source: 'urls/page/x.txt',
    attempt: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:10.000Z',
    wallMs: 10_000,
    requests: { total: 0, succeeded: 0, failed: 0, skipped: {}, pending: 0 },
    items: 0,
    errors: {},
    bytes: { wire: 0, decoded: 0 },
    fetches: 0,
    pagesPerSecond: 0,
    hosts: 1,
    slowest: [],
    failing: [],
    batches: { committed: 0, open: 0 },
    usage: { s3Writes: 0, s3Reads: 0, sqsRequests: 0, gbSeconds: 0 },
    cost: { usd: 0, lambda: 0, s3: 0, sqs: 0, pricesAsOf: '2026-01-01' },
  };
  return { ...base, ...more, requests: { ...base.requests, ...more.requests } };
}
