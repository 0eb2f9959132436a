import { costOf, type Cost } from './cost.ts';
import { failingHosts, slowestHosts, type HostSummary, type HostTallies } from './host-tally.ts';
import { attemptsOf, type Job } from './job.ts';
import type { JobPlace } from './keys.ts';
import type { ChangeCounts, CrawlDelay, ErrorCount, ProxyCount, Retried, SkipReason, Tally, Usage } from './outcome.ts';

/**
 * Where a job stands:
 * - `enqueueing`: its input is still being read (batches may already be worked);
 * - `running`;
 * - `finished`: every request has ended;
 * - `cancelled`: likewise, and some of them by the stop sign;
 * - `skipped`: a firing of a schedule that was left out, since an earlier run of the scraper was at work.
 */
export type JobState = 'enqueueing' | 'running' | 'finished' | 'cancelled' | 'skipped';

/** `jobs/<job>/summary.json`: at every tick `total = succeeded + failed + all of skipped + pending`. Final once `finishedAt` is there. */
export interface Summary extends JobPlace {
  readonly v: 1;
  readonly state: JobState;
  readonly source: string;
  /** Why the job was cancelled, where a limit of its own was the reason. */
  readonly reason?: string;
  /** The run that a skipped one gave way to. */
  readonly skippedFor?: string;
  /** 1, and one more for each time that failed requests were tried again. */
  readonly attempt: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When the last batch was committed. */
  readonly finishedAt?: string;
  readonly lastCommitAt?: string;
  /** From the job's creation to its end, or to now; the time between two attempts left out. */
  readonly wallMs: number;
  readonly requests: {
    readonly total: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
    readonly pending: number;
  };
  readonly items: number;
  /** Lines of `changes/`, where the scraper is incremental. */
  readonly changes?: ChangeCounts;
  readonly errors: Readonly<Record<string, ErrorCount>>;
  /** By origin, the longest of them: see {@link Tally}. Absent: none. */
  readonly crawlDelays?: Readonly<Record<string, CrawlDelay>>;
  /** By `host:port`. Absent: no proxy was used. */
  readonly proxies?: Readonly<Record<string, ProxyCount>>;
  readonly bytes: { readonly wire: number; readonly decoded: number };
  /** HTTP fetches of pages, retries included. */
  readonly fetches: number;
  readonly pagesPerSecond: number;
  readonly hosts: number;
  /** Where a page takes longest on average, and where most requests have failed: a few of each. */
  readonly slowest: readonly HostSummary[];
  readonly failing: readonly HostSummary[];
  readonly batches: { readonly committed: number; readonly open: number };
  /** What the job used so far, as measured: its enqueue and its batches. */
  readonly usage: Usage;
  /** Who could not be told that the job has ended, after the last try. */
  readonly untold?: Readonly<Record<string, { readonly tries: number; readonly error: string }>>;
  /** The same in dollars. */
  readonly cost: Cost;
  /** What the input was expected to take, before anything was fetched and links not followed. */
  readonly estimate?: { readonly seconds: number; readonly usd: number };
}

export const emptyUsage: Usage = { s3Writes: 0, s3Reads: 0, sqsRequests: 0, gbSeconds: 0 };

export const emptyTally: Tally = {
  succeeded: 0,
  failed: 0,
  skipped: {},
  followed: 0,
  items: 0,
  fetches: 0,
  fetchMs: 0,
  wireBytes: 0,
  decodedBytes: 0,
  errors: {},
};

export function addTally(a: Tally, b: Tally): Tally {
  return {
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    skipped: addCounts(a.skipped, b.skipped),
    followed: a.followed + b.followed,
    items: a.items + b.items,
    ...((a.changes ?? b.changes) && { changes: addChanges(a.changes, b.changes) }),
    fetches: a.fetches + b.fetches,
    fetchMs: a.fetchMs + b.fetchMs,
    wireBytes: a.wireBytes + b.wireBytes,
    decodedBytes: a.decodedBytes + b.decodedBytes,
    errors: addErrors(a.errors, b.errors),
    ...((a.crawlDelays ?? b.crawlDelays) && { crawlDelays: addCrawlDelays(a.crawlDelays, b.crawlDelays) }),
    ...((a.proxies ?? b.proxies) && { proxies: addProxies(a.proxies, b.proxies) }),
  };
}

/** Origins whose crawl-delay is kept: a job may meet a million of them, and the slowest are what a person asks about. */
const MAX_CRAWL_DELAYS = 20;

export function addCrawlDelays(a: Tally['crawlDelays'] = {}, b: Tally['crawlDelays'] = {}): Record<string, CrawlDelay> {
  const all = Object.entries({ ...a, ...b });
  if (all.length <= MAX_CRAWL_DELAYS) return Object.fromEntries(all);
  return Object.fromEntries(all.toSorted(([, one], [, other]) => other.keptMs - one.keptMs).slice(0, MAX_CRAWL_DELAYS));
}

function addProxies(a: Tally['proxies'] = {}, b: Tally['proxies'] = {}): Record<string, ProxyCount> {
  const sum: Record<string, ProxyCount> = { ...a };
  for (const [proxy, { fetches, failures }] of Object.entries(b)) {
    const known = sum[proxy] ?? { fetches: 0, failures: 0 };
    sum[proxy] = { fetches: known.fetches + fetches, failures: known.failures + failures };
  }
  return sum;
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    s3Writes: a.s3Writes + b.s3Writes,
    s3Reads: a.s3Reads + b.s3Reads,
    sqsRequests: a.sqsRequests + b.sqsRequests,
    gbSeconds: a.gbSeconds + b.gbSeconds,
  };
}

export function addErrors(a: Readonly<Record<string, ErrorCount>>, b: Readonly<Record<string, ErrorCount>>): Record<string, ErrorCount> {
  const sum: Record<string, ErrorCount> = { ...a };
  for (const [code, more] of Object.entries(b)) {
    const known = sum[code];
    // The first example stays: a summary that changes its examples at every tick is hard to read. But what a later attempt met is newer.
    const example = known && (known.attempt ?? 1) >= (more.attempt ?? 1) ? known : more;
    sum[code] = { ...example, count: (known?.count ?? 0) + more.count };
  }
  return sum;
}

/** By host it is part of their own figures. */
type RetriedSum = Omit<Retried, 'hosts'>;

export const emptyRetried: RetriedSum = { failed: 0, robots: 0, errors: {} };

export function addRetried(a: RetriedSum, b: RetriedSum): RetriedSum {
  const errors: Record<string, number> = { ...a.errors };
  for (const [code, count] of Object.entries(b.errors)) errors[code] = (errors[code] ?? 0) + count;
  return { failed: a.failed + b.failed, robots: a.robots + b.robots, errors };
}

/** Errors that still stand. */
function withoutRetried(errors: Readonly<Record<string, ErrorCount>>, retried: RetriedSum): Record<string, ErrorCount> {
  const left = Object.entries(errors).map(([code, e]) => [code, { ...e, count: e.count - (retried.errors[code] ?? 0) }] as const);
  return Object.fromEntries(left.filter(([, { count }]) => count > 0));
}

function addChanges(a: ChangeCounts = {}, b: ChangeCounts = {}): ChangeCounts {
  const sum = (kind: keyof ChangeCounts) => (a[kind] ?? 0) + (b[kind] ?? 0);
  return { new: sum('new'), changed: sum('changed'), gone: sum('gone') };
}

export function skippedTotal(skipped: Tally['skipped']): number {
  return Object.values(skipped).reduce((sum, n) => sum + n, 0);
}

/** Everything folded so far of a job's outcomes. */
export interface Folded {
  readonly tally: Tally;
  readonly usage: Usage;
  readonly outcomes: number;
  /** Children named by the folded outcomes. */
  readonly children: number;
  readonly hosts: HostTallies;
  /** Latest commit among them, ISO; absent before the first. */
  readonly lastCommitAt?: string;
  /** Taken up again by them; absent = none. */
  readonly retried?: RetriedSum;
}

/**
 * A job is complete when every batch that was ever sent has its outcome: the roots, and the children that outcomes name.
 * Each outcome is one batch and names each child once, so counting is enough.
 */
export function isComplete(job: Job, folded: Folded): boolean {
  return job.enqueued !== undefined && folded.outcomes === batchesOf(job, folded) && !awaitsSweep(job, folded);
}

/** Failures by which a page itself says that it is no more, or not for us; any other may hide pages that are there. */
const HARMLESS = new Set(['http-404', 'http-410', 'robots']);

/** Whether a run has come to its end that went through the whole of its scraper, so that its lanes can tell what is gone. */
export function awaitsSweep(job: Job, folded: Folded): boolean {
  const { tally } = folded;
  const e = job.enqueued;
  if (job.incremental !== 'whole' || job.swept !== undefined || !e) return false;
  // More than there are: a report that died on the way had told lanes already, and they have answered.
  if (folded.outcomes < batchesOf(job, folded)) return false;
  const isWhole = e.failed === 0 && (e.limited ?? 0) === 0 && (tally.skipped.cancelled ?? 0) === 0;
  return isWhole && Object.keys(withoutRetried(tally.errors, folded.retried ?? emptyRetried)).every((code) => HARMLESS.has(code));
}

/** Batches that are known of: what enqueue sent, what attempts began with, what asks lanes for what is gone, what outcomes name. */
export function batchesOf(job: Job, folded: Folded): number {
  return (job.enqueued?.roots ?? 0) + attemptsOf(job) - 1 + (job.swept ?? 0) + folded.children;
}

/** The summary of a job: pure, so that a tick over the same outcomes gives the same numbers. */
export function summarise(job: Job, folded: Folded, nowMs: number): Summary {
  const { tally, retried = emptyRetried } = folded;
  const e = job.enqueued;
  const skipped = addCounts(tally.skipped, { duplicate: e?.duplicates ?? 0, limit: e?.limited ?? 0, robots: -retried.robots });
  const failed = tally.failed + (e?.failed ?? 0) - retried.failed;
  const ended = tally.succeeded + failed + skippedTotal(skipped);
  // While the input is being read its total is not known yet: what is known is what has ended or was found on pages.
  const total = e === undefined ? Math.max(ended, tally.followed) : e.requests + tally.followed;
  const complete = isComplete(job, folded);
  const createdMs = Date.parse(job.createdAt);
  const usage = addUsage(e?.usage ?? emptyUsage, folded.usage);
  const endMs = complete ? Date.parse(folded.lastCommitAt ?? e?.at ?? job.createdAt) : nowMs;
  const last = job.retries?.at(-1);
  const wallMs = Math.max(0, last ? last.wallMs + endMs - Date.parse(last.at) : endMs - createdMs);
  return {
    v: 1,
    id: job.id,
    scraper: job.scraper,
    date: job.date,
    state: stateOf(job, complete, skipped),
    source: job.source,
    ...(job.skippedFor !== undefined && { skippedFor: job.skippedFor }),
    attempt: attemptsOf(job),
    createdAt: job.createdAt,
    updatedAt: new Date(nowMs).toISOString(),
    ...(folded.lastCommitAt !== undefined && { lastCommitAt: folded.lastCommitAt }),
    ...(complete && { finishedAt: new Date(endMs).toISOString() }),
    wallMs,
    requests: { total, succeeded: tally.succeeded, failed, skipped, pending: total - ended },
    items: tally.items,
    ...(job.incremental !== undefined && { changes: addChanges(tally.changes) }),
    errors: withoutRetried(addErrors(e?.errors ?? {}, tally.errors), retried),
    ...(tally.crawlDelays && { crawlDelays: tally.crawlDelays }),
    ...(tally.proxies && { proxies: tally.proxies }),
    bytes: { wire: tally.wireBytes, decoded: tally.decodedBytes },
    fetches: tally.fetches,
    pagesPerSecond: wallMs > 0 ? Math.round((tally.succeeded / wallMs) * 100_000) / 100 : 0,
    hosts: e?.hosts ?? 0,
    slowest: slowestHosts(folded.hosts),
    failing: failingHosts(folded.hosts),
    batches: { committed: folded.outcomes, open: batchesOf(job, folded) - folded.outcomes },
    usage,
    cost: costOf(usage, folded.outcomes),
    ...(e?.estimate && { estimate: e.estimate }),
  };
}

function stateOf(job: Job, complete: boolean, skipped: Tally['skipped']): JobState {
  if (job.skippedFor !== undefined) return 'skipped';
  if (job.enqueued === undefined) return 'enqueueing';
  if (!complete) return 'running';
  return (skipped.cancelled ?? 0) > 0 ? 'cancelled' : 'finished';
}

function addCounts(a: Tally['skipped'], b: Tally['skipped']): Partial<Record<SkipReason, number>> {
  const sum: Partial<Record<SkipReason, number>> = { ...a };
  for (const [reason, count] of Object.entries(b)) {
    const total = (sum[reason as SkipReason] ?? 0) + count;
    if (total > 0) sum[reason as SkipReason] = total;
    else delete sum[reason as SkipReason];
  }
  return sum;
}
