import type { Batch } from './batch.ts';
import type { Change } from './result.ts';

/** Requests that ended without a fetch of their own and are no failures. */
export type SkipReason = 'duplicate' | 'robots' | 'unchanged' | 'cancelled' | 'limit';

/** AWS calls and compute that a piece of work cost, as measured. */
export interface Usage {
  /** PUT, COPY, POST, LIST requests. */
  readonly s3Writes: number;
  /** GET, HEAD and all other requests. */
  readonly s3Reads: number;
  /** SQS API calls, in 64 KiB units as billed. */
  readonly sqsRequests: number;
  /** Lambda GB-seconds: the batch's share of its invocation. */
  readonly gbSeconds: number;
}

/** An error code with one example, for summaries. */
export interface ErrorCount {
  readonly count: number;
  readonly url: string;
  readonly message: string;
  /** Attempt of the example; absent = 1. */
  readonly attempt?: number;
}

/** Failed requests that a batch took up again: they count as pending from its commit on, and their error lines go. */
export interface Retried {
  readonly failed: number;
  readonly robots: number;
  readonly errors: Readonly<Record<string, number>>;
  /** Failed ones by host. */
  readonly hosts: Readonly<Record<string, number>>;
}

/** The error lines that go with it. */
export interface Superseded {
  readonly codes?: readonly string[];
  /** Errors objects by key; `left` = lines of these codes, the last ones, that stay for the next batch of the chain. */
  readonly objects: readonly { readonly key: string; readonly left: number }[];
}

/** A `crawl-delay` in robots.txt that is longer than the scraper's own delay, ms. */
export interface CrawlDelay {
  readonly declaredMs: number;
  /** What is kept: less than declared where that is beyond the most that is granted. */
  readonly keptMs: number;
}

/** Fetches that went through a proxy, and those that failed by the proxy's own fault. */
export interface ProxyCount {
  readonly fetches: number;
  readonly failures: number;
}

export type ChangeCounts = Readonly<Partial<Record<Exclude<Change, 'unchanged'>, number>>>;

/** What became of a set of requests. `succeeded + failed + skipped` of them have ended. */
export interface Tally {
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
  /** New requests found on pages and sent on as children (they raise the job's total). */
  readonly followed: number;
  readonly items: number;
  /** Lines of `changes/`; absent: none. */
  readonly changes?: ChangeCounts;
  readonly fetches: number;
  /** Time of these fetches together, ms. */
  readonly fetchMs: number;
  readonly wireBytes: number;
  readonly decodedBytes: number;
  /** By code; what is counted here is `failed` plus `skipped.robots`. */
  readonly errors: Readonly<Record<string, ErrorCount>>;
  /** By origin, for a few of them: why a job takes longer than its scraper's own delay would make it. Absent: none. */
  readonly crawlDelays?: Readonly<Record<string, CrawlDelay>>;
  /** By `host:port`. Absent: no proxy was used. */
  readonly proxies?: Readonly<Record<string, ProxyCount>>;
}

/**
 * The commit record of one batch, `outcomes/<job>/<batch>.json`. Once it is there the batch is never worked again;
 * its children and claims are read from here alone, so a repeat sends and marks the same ones.
 */
export interface Outcome extends Tally {
  readonly v: 1;
  readonly job: string;
  readonly batch: string;
  readonly lane: string;
  /** ISO times of the slice. */
  readonly startedAt: string;
  readonly committedAt: string;
  readonly children: readonly Batch[];
  /** Claims for the lane's seen-set (`SeenSet.encode`); absent where the job needs none. */
  readonly claims?: string;
  readonly retried?: Retried;
  readonly superseded?: Superseded;
  /** The batch has something for its lane to remember: `keys.pageUpdates`. */
  readonly pages?: true;
  /** Cookies of the lane in this job after the slice, where the scraper keeps them and they changed. */
  readonly cookies?: readonly object[];
  readonly usage: Usage;
}

/** What an outcome says of its batch beside the counts. */
export type OutcomeParts = Pick<Outcome, 'startedAt' | 'committedAt' | 'children' | 'usage'> &
  Partial<Pick<Outcome, 'claims' | 'cookies' | 'pages' | 'retried' | 'superseded'>>;

/** Puts together the commit record of a batch. */
export function outcomeOf({ job, id, lane }: Batch, tally: Tally, parts: OutcomeParts): Outcome {
  return { v: 1, job, batch: id, lane, ...tally, ...parts };
}
