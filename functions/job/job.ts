import type { ErrorCode } from './errors.ts';
import type { ErrorCount, Usage } from './outcome.ts';
import type { JobPlace } from './keys.ts';
import type { Recipe } from './recipe-store.ts';

/** Options of a scraper that one job may set otherwise (`urldrop run --concurrency …`, a `.job.json` file). */
export interface JobOptions {
  /** Requests in flight per host. */
  readonly concurrency?: number;
  /** Pause between two requests to one host, ms. */
  readonly delay?: number;
  /** Total time for one fetch, ms. */
  readonly timeout?: number;
  readonly retries?: number;
  /** Time for all attempts of one request, ms. */
  readonly giveUpAfter?: number;
  readonly maxBytes?: number;
  readonly robots?: 'obey' | 'ignore';
  readonly maxDepth?: number;
  readonly maxRequests?: number;
  /** Dollars of measured cost at which the job is cancelled. */
  readonly budget?: number;
}

/** What enqueue found in the input; part of the job's accounts. */
export interface Enqueued {
  /** Lines that named something to fetch, duplicates and unusable URLs included. */
  readonly requests: number;
  /** Root batches sent. The job is complete when outcomes = roots + all children of outcomes. */
  readonly roots: number;
  readonly duplicates: number;
  /** Lines that were no request: each has an error line. */
  readonly failed: number;
  readonly errors: Readonly<Record<string, ErrorCount>>;
  /** Distinct hosts; sites, where the scraper gathers requests by site. */
  readonly hosts: number;
  /** Requests over `maxRequests`, counted in `requests` and not sent; absent = 0. */
  readonly limited?: number;
  /** What the input was expected to take on AWS, links not followed; absent: nothing was sent. */
  readonly estimate?: { readonly seconds: number; readonly usd: number };
  /** What enqueue itself used. */
  readonly usage?: Usage;
  readonly at: string;
}

/**
 * `jobs/<job>/job.json`. Written twice: when the job starts, without `enqueued` (so scrape knows what to do with the first batches),
 * and when every root batch is sent, with it: the commit point of enqueue.
 */
export interface Job extends JobPlace {
  readonly v: 1;
  readonly createdAt: string;
  /** Object key the URLs come from, or the schedule's scraper `start`. */
  readonly source: string;
  /** What is read, in this order: object keys, or `sitemap:<url>`; absent = `source` alone. */
  readonly inputs?: readonly string[];
  /** ETag of `source` as it was dropped: an object that replaced it is another job's. */
  readonly etag?: string;
  /** Memory budget of enqueue when the job started: a repeat cuts the input alike. */
  readonly budgetBytes?: number;
  readonly options: JobOptions;
  /** The scraper, where it is none of the deployed ones. As it was when the job began: one that is mended meanwhile is another job's. */
  readonly recipe?: Recipe;
  /** Lanes per host, fixed at the start: a URL keeps its lane for the whole job. */
  readonly lanes: number;
  /**
   * Requests in flight that each lane may have, where the job is on one host alone and enqueue knew how many requests each lane has;
   * absent: equal parts.
   */
  readonly laneShares?: readonly number[];
  /** Enqueue dropped every duplicate and no page follows links: lanes need no seen-set. */
  readonly unique: boolean;
  /** Why it cannot begin: it has ended with this one error. */
  readonly refusal?: Refusal;
  readonly enqueued?: Enqueued;
  /** The scraper compares its runs; a `whole` one goes through all of its pages, so that what it does not reach is gone. */
  readonly incremental?: 'whole' | 'part';
  /** Batches sent at the end of a whole run, one to each lane that remembers pages. */
  readonly swept?: number;
  /** A firing of the schedule that was left out: the run that was at work then. */
  readonly skippedFor?: string;
  /** Attempts after the first. Each is one more root batch, which takes up failed requests. */
  readonly retries?: readonly Retry[];
}

export interface Retry {
  readonly at: string;
  /** Error codes; absent: all but `robots`. */
  readonly codes?: readonly string[];
  /** How long the job had run before, ms. */
  readonly wallMs: number;
}

/** The number of the job's latest attempt, 1 for the first. */
export function attemptsOf(job: Pick<Job, 'retries'>): number {
  return 1 + (job.retries?.length ?? 0);
}

/** Why a job cannot begin. */
export interface Refusal {
  readonly code: ErrorCode;
  /** One line. */
  readonly message: string;
}
