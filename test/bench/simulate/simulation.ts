import { isInline, MAX_SEGMENT_BYTES } from '../../../functions/enqueue/lane-sender.ts';
import { MAX_UNIQUE } from '../../../functions/enqueue/unique-set.ts';
import { packed } from '../../../functions/aws/queue.ts';
import type { Batch } from '../../../functions/job/batch.ts';
import { costOf, type Cost } from '../../../functions/job/cost.ts';
import { laneConcurrency, lanesFor } from '../../../functions/job/lane.ts';
import type { Usage } from '../../../functions/job/outcome.ts';
import { addUsage } from '../../../functions/job/summary.ts';
import { restDraft } from '../../../functions/scrape/children.ts';
import { CANCEL_CHECK_MS } from '../../../functions/scrape/job-book.ts';
import { MB_PER_CORE } from '../../../functions/job/estimate.ts';
import type { Settings } from '../../../infra/settings.ts';
import { awsLimits } from './aws-limits.ts';
import { getsOf, HEAD_BYTES, JOB_CALLS, messageOf, PACKED_BYTES, RANGE_BYTES, reportUsage, units } from './calls.ts';
import { EventQueue } from './event-queue.ts';

/** What is assumed of the work. */
export interface Work {
  /** Requests in flight per host, and the pause between two of them. */
  readonly concurrency: number;
  readonly delayMs: number;
  /** From request to whole page. */
  readonly pageMs: number;
  /** CPU of one page on a full core. */
  readonly cpuMs: number;
  /** JSON of one request. */
  readonly requestBytes: number;
  /** Around the pages of a batch: reading its state, writing and committing. */
  readonly overheadMs: number;
}

export interface Simulated {
  readonly lanes: number;
  readonly roots: number;
  /** Outcomes: roots, and what went on as a child. Each was one message. */
  readonly batches: number;
  readonly inlineRoots: number;
  readonly invocations: number;
  readonly seconds: number;
  /** Of enqueue and scrape. */
  readonly usage: Usage;
  /** Report's reading included. */
  readonly cost: Cost;
  readonly peakConcurrency: number;
  readonly meanConcurrency: number;
  /** Lanes in flight, waiting messages, and batches committed in a second, at their most. */
  readonly peakInFlight: number;
  readonly peakQueued: number;
  readonly peakCommitsPerSecond: number;
  /** What the time would be if only this limited it. */
  readonly bounds: Readonly<Record<string, number>>;
}

/**
 * Runs a job over hosts on paper: which batches there are, by the functions' own rules, and who works them when, by SQS's and Lambda's.
 * Pages succeed at their first try and nothing is followed. Of an invocation, its lanes go at their hosts' pace as long as its CPU lets them.
 *
 * @param sizes - requests of each host, in the order of sending.
 */
export function simulate(sizes: Float64Array, work: Work, settings: Settings): Simulated {
  const source = settings.eventSources.find((s) => s.function === 'scrape');
  const { memoryMb } = settings.functions['scrape'] ?? { memoryMb: 1_024 };
  const { memoryMb: memoryMbOfReport } = settings.functions['report'] ?? { memoryMb: 512 };
  const { batchSize, maxConcurrency } = source ?? { batchSize: 10, maxConcurrency: 100 };
  const lanesPerHost = lanesFor(work.concurrency, work.delayMs);
  const laneCount = sizes.length * lanesPerHost;
  const requestsOf = (lane: number): number => {
    const host = sizes[Math.floor(lane / lanesPerHost)] ?? 0;
    return Math.floor(host / lanesPerHost) + (lane % lanesPerHost < host % lanesPerHost ? 1 : 0);
  };
  const left = new Uint32Array(laneCount);
  const isRun = new Uint8Array(laneCount);
  const usage = { ...JOB_CALLS, sqsRequests: 0, gbSeconds: 0 };

  // Enqueue: one message a lane, or several where it has more requests than a set tells apart.
  let roots = 0;
  let inlineRoots = 0;
  let runBytes = 0;
  const rootBytes: number[] = [];
  const flushRoots = (): void => {
    for (const call of packed(rootBytes.map(messageOf))) usage.sqsRequests += units(call);
    rootBytes.length = 0;
  };
  for (let lane = 0; lane < laneCount; lane++) {
    const count = requestsOf(lane);
    left[lane] = count;
    const bytes = count * (work.requestBytes + 1);
    const parts = Math.max(1, Math.ceil(count / MAX_UNIQUE));
    roots += parts;
    if (isInline(count, bytes)) inlineRoots++;
    else {
      isRun[lane] = 1;
      runBytes += count * PACKED_BYTES;
    }
    rootBytes.push(HEAD_BYTES + (isRun[lane] === 1 ? RANGE_BYTES : bytes));
    if (rootBytes.length === 10_000) flushRoots();
  }
  flushRoots();
  usage.s3Writes += runBytes > 0 ? Math.ceil(runBytes / MAX_SEGMENT_BYTES) : 0;

  // Scrape: a queue of lanes, each with one message in it.
  const slots = new EventQueue();
  const queue = new LaneRing(laneCount);
  for (let lane = 0; lane < laneCount; lane++) if ((left[lane] ?? 0) > 0) queue.push(lane);
  const sliceSeconds = settings.sliceSeconds;
  const core = Math.min(1, memoryMb / MB_PER_CORE);
  const cpuSeconds = work.cpuMs / 1000 / core;
  const rates = Array.from({ length: lanesPerHost }, (_, shard) => {
    const inFlight = laneConcurrency(`host#${shard}`, work.concurrency, lanesPerHost);
    return work.delayMs > 0 ? 1000 / Math.max(work.delayMs, work.pageMs / inFlight) : (1000 * inFlight) / work.pageMs;
  });
  let [now, batches, invocations, busySeconds, running, inFlight] = [0, 0, 0, 0, 0, 0];
  let [peakConcurrency, peakInFlight, peakQueued] = [0, 0, queue.size];
  const commits = new Map<number, number>();
  const allowed = (): number => Math.min(maxConcurrency, awsLimits.pollersAtStart + Math.floor((now * awsLimits.pollersPerMinute) / 60));

  const start = (): void => {
    const lanes = queue.take(batchSize);
    let wanted = 0;
    for (const lane of lanes) wanted += Math.min(left[lane] ?? 0, Math.ceil((rates[lane % lanesPerHost] ?? 0) * sliceSeconds));
    // Where the CPU is short, all of an invocation's lanes get less done.
    const share = Math.min(1, sliceSeconds / (wanted * cpuSeconds));
    let [seconds, pages] = [0, 0];
    const goOn: number[] = [];
    for (const lane of lanes) {
      const rate = rates[lane % lanesPerHost] ?? 1;
      const count = left[lane] ?? 0;
      // A page is begun as long as the slice is not over.
      const most = Math.max(1, Math.ceil(rate * sliceSeconds * share));
      const taken = Math.min(count, most);
      const [rest] = restDraft({ lane: '', count } as Batch, taken, 0);
      pages += taken;
      seconds = Math.max(seconds, rest ? sliceSeconds : 0, taken / rate);
      // Outcome, the host's record, requests; results, outcome and record; the message deleted, the rest sent.
      usage.s3Reads += 2;
      if (isRun[lane] === 1) usage.s3Reads += getsOf(requestsOf(lane) - count, taken);
      usage.s3Writes += 3;
      usage.sqsRequests += 1 + (rest ? 1 : 0);
      left[lane] = rest?.count ?? 0;
      if (rest) goOn.push(lane);
    }
    seconds = Math.max(seconds, pages * cpuSeconds) + work.overheadMs / 1000;
    // The job's definition and, again and again, its stop sign: once for all of them.
    usage.s3Reads += 2 + Math.floor((seconds * 1000) / CANCEL_CHECK_MS);
    usage.gbSeconds += seconds * (memoryMb / 1024);
    busySeconds += seconds;
    invocations++;
    batches += lanes.length;
    running++;
    inFlight += lanes.length;
    const end = now + seconds;
    const second = Math.floor(end);
    commits.set(second, (commits.get(second) ?? 0) + lanes.length);
    slots.add(end, { goOn, lanes: lanes.length });
  };
  let isLooking = false;
  for (;;) {
    while (queue.size > 0 && running < allowed()) start();
    peakConcurrency = Math.max(peakConcurrency, running);
    peakInFlight = Math.max(peakInFlight, inFlight);
    // Lambda adds pollers while there is work for them.
    if (!isLooking && queue.size > 0 && allowed() < maxConcurrency) {
      slots.add(now + 60 / awsLimits.pollersPerMinute, undefined);
      isLooking = true;
    }
    const next = slots.pop();
    if (!next) break;
    now = next.at;
    if (!next.event) {
      isLooking = false;
      continue;
    }
    running--;
    inFlight -= next.event.lanes;
    for (const lane of next.event.goOn) queue.push(lane);
    peakQueued = Math.max(peakQueued, queue.size);
  }
  const peakCommitsPerSecond = commits.values().reduce((most, count) => Math.max(most, count), 0);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  // A lane is in one invocation at a time, and has no more than its CPU.
  const hostRate = rates.reduce((sum, rate) => sum + Math.min(rate, 1 / cpuSeconds), 0);
  const slowest = sizes.reduce((most, size) => Math.max(most, size), 0) / hostRate;
  const filled = Math.min(maxConcurrency, Math.ceil(laneCount / batchSize));
  return {
    lanes: laneCount,
    roots,
    batches,
    inlineRoots,
    invocations,
    seconds: now,
    usage,
    cost: costOf(addUsage(usage, reportUsage(commits, now, memoryMbOfReport)), invocations),
    peakConcurrency,
    meanConcurrency: now > 0 ? busySeconds / now : 0,
    peakInFlight,
    peakQueued,
    peakCommitsPerSecond,
    bounds: {
      'largest host': slowest,
      [filled < maxConcurrency ? `CPU of ${filled} invocation${filled === 1 ? '' : 's'}` : 'CPU']: (total * cpuSeconds) / filled,
      maxConcurrency: busySeconds / maxConcurrency,
      'S3 writes': batches / awsLimits.s3WritesPerPrefix,
      'SQS deletes': (batches + invocations) / awsLimits.fifoCallsPerSecond.least,
    },
  };
}

/** First in, first out; a lane is in it once at most. */
class LaneRing {
  readonly #lanes: Uint32Array;
  #head = 0;
  size = 0;

  constructor(room: number) {
    this.#lanes = new Uint32Array(Math.max(1, room));
  }

  push(lane: number): void {
    this.#lanes[(this.#head + this.size++) % this.#lanes.length] = lane;
  }

  take(most: number): number[] {
    const count = Math.min(most, this.size);
    const taken = Array.from({ length: count }, (_, n) => this.#lanes[(this.#head + n) % this.#lanes.length] ?? 0);
    this.#head = (this.#head + count) % this.#lanes.length;
    this.size -= count;
    return taken;
  }
}
