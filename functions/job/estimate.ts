import { costOf, type Cost } from './cost.ts';
import type { Usage } from './outcome.ts';

/** How many requests a job has, and where. */
export interface Load {
  readonly requests: number;
  readonly hosts: number;
  /** Host with the most requests; it often decides how long all takes. */
  readonly largestHost: { readonly host: string; readonly requests: number };
}

/** What is assumed of the work. */
export interface EstimateBasis {
  /** Requests in flight per host. */
  readonly concurrency: number;
  /** Pause between two requests to one host, ms. */
  readonly delayMs: number;
  /** From request to whole page, ms: the sites' own speed. */
  readonly pageMs: number;
  /** CPU time of one page on a full core, ms. */
  readonly cpuMs: number;
}

/** The functions that are to do it. */
export interface Fleet {
  /** Of the scrape function. */
  readonly memoryMb: number;
  /** Invocations at once. */
  readonly maxConcurrency: number;
  readonly sliceSeconds: number;
}

export interface Estimate extends Load {
  readonly seconds: number;
  readonly cost: Cost;
}

/** Where nobody knows better: a page in half a second; of scraper `page` on documentation pages of 33 kB, a full core. */
export const assumed = { pageMs: 500, cpuMs: 8 } as const;
/** Memory at which a function has one full core (AWS Lambda developer guide, "Configure Lambda function memory"). */
export const MB_PER_CORE = 1_769;
/** Lanes that an invocation works side by side (the batch size of its event source). */
const LANES_PER_INVOCATION = 10;
/** Calls that each batch makes at least: outcome, results, state; reads of the same; receive, delete, send. */
const WRITES_PER_BATCH = 4;
const READS_PER_BATCH = 4;
const SQS_PER_BATCH = 3;

/**
 * Time and cost of a job on AWS by arithmetic: hosts are worked side by side, ten in an invocation; a host takes as long as its
 * politeness and its own speed say, an invocation no less than its CPU needs. Follows no links.
 */
export function estimateJob(load: Load, basis: EstimateBasis, { memoryMb, maxConcurrency, sliceSeconds }: Fleet): Estimate {
  const { requests, hosts, largestHost } = load;
  const msPerRequest = Math.max(basis.delayMs, basis.pageMs / basis.concurrency);
  const hostSeconds = (requests * msPerRequest) / 1000;
  // Each host has a batch, and another for each slice that it takes.
  const batches = hosts + Math.floor(hostSeconds / sliceSeconds);
  // Hosts that share an invocation share its bill, unless its CPU is what they wait for.
  const shared = Math.min(LANES_PER_INVOCATION, Math.max(1, hosts));
  const cpuSeconds = (requests * basis.cpuMs) / 1000 / Math.min(1, memoryMb / MB_PER_CORE);
  const billedSeconds = Math.max(hostSeconds / shared, cpuSeconds);
  const usage: Usage = {
    s3Writes: batches * WRITES_PER_BATCH,
    s3Reads: batches * READS_PER_BATCH,
    sqsRequests: batches * SQS_PER_BATCH,
    gbSeconds: billedSeconds * (memoryMb / 1_024),
  };
  return {
    ...load,
    seconds: Math.max(
      (largestHost.requests * msPerRequest) / 1000,
      hostSeconds / (LANES_PER_INVOCATION * maxConcurrency),
      billedSeconds / maxConcurrency,
    ),
    cost: costOf(usage, Math.ceil(batches / shared)),
  };
}
