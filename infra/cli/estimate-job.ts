import { costOf, type Cost } from '../../functions/job/cost.ts';
import type { Usage } from '../../functions/job/outcome.ts';
import type { Settings } from '../settings.ts';

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

export interface Estimate {
  readonly requests: number;
  readonly hosts: number;
  /** Host with the most requests; it often decides how long all takes. */
  readonly largestHost: { readonly host: string; readonly requests: number };
  readonly seconds: number;
  readonly cost: Cost;
}

/** Memory at which a function has one full core (AWS Lambda developer guide, "Configure Lambda function memory"). */
export const MB_PER_CORE = 1_769;
/** Calls that each batch makes at least: outcome, results, state; reads of the same; receive, delete, send. */
const WRITES_PER_BATCH = 4;
const READS_PER_BATCH = 4;
const SQS_PER_BATCH = 3;

/**
 * Time and cost of a job on AWS by arithmetic: hosts are worked side by side, ten in an invocation; a host takes as long as its
 * politeness and its own speed say, an invocation no less than its CPU needs. Follows no links.
 *
 * @param counts - requests by host.
 */
export function estimateJob(counts: ReadonlyMap<string, number>, basis: EstimateBasis, settings: Settings): Estimate {
  const source = settings.eventSources.find((s) => s.function === 'scrape');
  const { memoryMb = 1_024 } = settings.functions['scrape'] ?? {};
  const lanesAtOnce = (source?.batchSize ?? 10) * (source?.maxConcurrency ?? 100);
  const msPerRequest = Math.max(basis.delayMs, basis.pageMs / basis.concurrency);
  let requests = 0;
  let hostSeconds = 0;
  let batches = 0;
  let largestHost = { host: '', requests: 0 };
  for (const [host, count] of counts) {
    const seconds = (count * msPerRequest) / 1000;
    requests += count;
    hostSeconds += seconds;
    batches += Math.max(1, Math.ceil(seconds / settings.sliceSeconds));
    if (count > largestHost.requests) largestHost = { host, requests: count };
  }
  // Hosts that share an invocation share its bill, up to ten of them, unless its CPU is what they wait for.
  const shared = Math.min(source?.batchSize ?? 10, Math.max(1, counts.size));
  const cpuSeconds = (requests * basis.cpuMs) / 1000 / Math.min(1, memoryMb / MB_PER_CORE);
  const billedSeconds = Math.max(hostSeconds / shared, cpuSeconds);
  const usage: Usage = {
    s3Writes: batches * WRITES_PER_BATCH,
    s3Reads: batches * READS_PER_BATCH,
    sqsRequests: batches * SQS_PER_BATCH,
    gbSeconds: billedSeconds * (memoryMb / 1_024),
  };
  const invocations = Math.ceil(batches / shared);
  return {
    requests,
    hosts: counts.size,
    largestHost,
    seconds: Math.max(
      (largestHost.requests * msPerRequest) / 1000,
      hostSeconds / lanesAtOnce,
      billedSeconds / (source?.maxConcurrency ?? 100),
    ),
    cost: costOf(usage, invocations),
  };
}
