import type { Logger } from '@aws-lambda-powertools/logger';
import type { Cloud } from '../aws/cloud.ts';
import { batchId } from '../job/batch.ts';
import type { Enqueued, Job } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import { LineWriter } from '../job/line-writer.ts';
import type { ErrorLine } from '../job/result.ts';
import type { Scraper } from '../scraper/types.ts';
import { readInputs, type LoadSitemap } from './inputs.ts';
import type { LaneRun } from './lane-table.ts';
import { sendLanes } from './send-lanes.ts';
import { Shuffle, type Counts } from './shuffle.ts';

/** What enqueue works with. */
export interface EnqueueTools {
  readonly cloud: Cloud;
  readonly log: Logger;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Bytes of requests held before they are sent. */
  readonly budgetBytes: number;
  /** Without it, the sitemaps of an index become error lines. */
  readonly loadSitemap?: LoadSitemap;
  /** Bounds of a leg; absent: {@link LEG}. */
  readonly leg?: Leg;
}

/**
 * A leg is a part of the input after which everything held is sent, the state is saved and the requests known are forgotten.
 * It ends by what was read, never by the clock, so that a repeat cuts the input alike.
 */
export interface Leg {
  readonly maxMessages: number;
  readonly maxBlocks: number;
}
/** At 20 ms a call half a million messages take a minute; 65,536 blocks are 4 GiB. */
export const LEG: Leg = { maxMessages: 500_000, maxBlocks: 65_536 };
/** Another leg is begun only with this much time left, and twice what the longest took. */
const MIN_LEG_MS = 120_000;

/** Where the next leg begins, and the accounts up to there. */
interface EnqueueState {
  readonly v: 1;
  readonly legs: number;
  readonly counts: Counts;
  readonly blocks: number;
  readonly segments: number;
  readonly roots: number;
  readonly hosts: number;
}

/**
 * Reads a job's inputs and sends their requests: the whole of enqueue behind `job.json`. Starting over at any point sends the
 * same messages and writes the same objects; what an invocation finds half done it does again from the last leg's end.
 *
 * @param job - as it was first written: lanes and budget hold for the whole job.
 * @param remainingMs - what is left of the invocation.
 * @returns whether all is sent and committed; else the job has to go on in another invocation.
 * @throws what S3 or SQS answered.
 */
export async function enqueueJob(tools: EnqueueTools, job: Job, scraper: Scraper, remainingMs: () => number): Promise<boolean> {
  const { objects } = tools.cloud;
  const saved = await objects.getJson<EnqueueState>(keys.enqueueState(job.id));
  const run = new EnqueueRun(tools, job, scraper, saved);
  try {
    let longestMs = 0;
    let startedMs = tools.now();
    for await (const _ of readInputs(objects, job, run.shuffle, tools.loadSitemap)) {
      if (!(await run.step())) continue;
      longestMs = Math.max(longestMs, tools.now() - startedMs);
      if (remainingMs() < Math.max(MIN_LEG_MS, 2 * longestMs)) return false;
      startedMs = tools.now();
    }
    await run.commit();
    return true;
  } catch (error) {
    await run.abort();
    throw error;
  }
}

class EnqueueRun {
  readonly shuffle: Shuffle;
  readonly #tools: EnqueueTools;
  readonly #scraper: Scraper;
  readonly #leg: Leg;
  readonly #budgetBytes: number;
  #job: Job;
  #state: EnqueueState;
  #errors: LineWriter;
  /** Since the beginning of the input. */
  #blocks = 0;
  #segments: number;
  #roots: number;

  constructor(tools: EnqueueTools, job: Job, scraper: Scraper, saved: EnqueueState | undefined) {
    this.#tools = tools;
    this.#scraper = scraper;
    this.#leg = tools.leg ?? LEG;
    this.#job = job;
    this.#budgetBytes = job.budgetBytes ?? tools.budgetBytes;
    const counts: Counts = { entries: 0, duplicates: 0, failed: 0, limited: 0, errors: {} };
    this.#state = saved ?? { v: 1, legs: 0, counts, blocks: 0, segments: 0, roots: 0, hosts: 0 };
    this.#segments = this.#state.segments;
    this.#roots = this.#state.roots;
    this.shuffle = new Shuffle({
      rule: { groupBy: scraper.politeness.groupBy, lanes: job.lanes },
      maxRequests: job.options.maxRequests ?? Infinity,
      skip: this.#state.counts.entries,
      counts: structuredClone(this.#state.counts),
      budgetBytes: this.#budgetBytes,
    });
    this.#errors = this.#openErrors();
  }

  /** After each block. @returns whether a leg has ended: all is sent and saved. */
  async step(): Promise<boolean> {
    this.#blocks++;
    // What an earlier invocation has done is only read over.
    if (this.#blocks <= this.#state.blocks) return false;
    await this.#writeFaults();
    const { store, isFull } = this.shuffle;
    // Released lanes leave gaps: when those have grown to half of the budget, a whole flush closes them.
    if (store.heldBytes > 1.5 * this.#budgetBytes) await this.#flush(store.lanes);
    else if (store.usedBytes > this.#budgetBytes) await this.#flush(this.#largest());
    const isEnd =
      isFull || this.#roots - this.#state.roots >= this.#leg.maxMessages || this.#blocks - this.#state.blocks >= this.#leg.maxBlocks;
    if (isEnd) await this.#endLeg();
    return isEnd;
  }

  /** Sends the rest and writes the job's accounts: from here on nothing is enqueued again. */
  async commit(): Promise<void> {
    const { objects } = this.#tools.cloud;
    const { shuffle } = this;
    await this.#writeFaults();
    const isUnique = this.#state.legs === 0 && !this.#scraper.follows;
    // Nothing is sent yet and all is known: the lanes need no seen-sets from the first batch on.
    if (isUnique && this.#segments === 0) {
      this.#job = { ...this.#job, unique: true };
      await objects.putJson(keys.job(this.#job.id), this.#job);
    }
    await this.#flush(shuffle.store.lanes);
    await this.#errors.close();
    const { entries, duplicates, failed, limited, errors } = shuffle.counts;
    const enqueued: Enqueued = {
      requests: entries,
      roots: this.#roots,
      duplicates,
      failed,
      errors,
      hosts: this.#state.hosts + shuffle.hosts,
      at: new Date(this.#tools.now()).toISOString(),
      ...(limited > 0 && { limited }),
    };
    await objects.putJson(keys.job(this.#job.id), { ...this.#job, unique: isUnique, enqueued } satisfies Job);
    if (this.#state.legs > 0) await objects.delete(keys.enqueueState(this.#job.id));
    this.#tools.log.info('A job is enqueued.', { job: this.#job.id, ...enqueued, errors: Object.keys(errors) });
  }

  async abort(): Promise<void> {
    await this.#errors.abort();
  }

  async #endLeg(): Promise<void> {
    const { shuffle } = this;
    await this.#flush(shuffle.store.lanes);
    await this.#errors.close();
    this.#state = {
      v: 1,
      legs: this.#state.legs + 1,
      counts: structuredClone(shuffle.counts),
      blocks: this.#blocks,
      segments: this.#segments,
      roots: this.#roots,
      hosts: this.#state.hosts + shuffle.hosts,
    };
    await this.#tools.cloud.objects.putJson(keys.enqueueState(this.#job.id), this.#state);
    shuffle.forget();
    this.#errors = this.#openErrors();
  }

  async #flush(lanes: readonly LaneRun[]): Promise<void> {
    if (lanes.length === 0) return;
    const segment = String(this.#segments++).padStart(6, '0');
    await sendLanes(this.#tools.cloud, this.#job.id, segment, this.shuffle.store, lanes);
    this.#roots += lanes.length;
    this.shuffle.store.release(lanes);
  }

  /** Half of the memory, from the largest lanes: small ones stay and grow into batches worth sending. */
  #largest(): LaneRun[] {
    const { store } = this.shuffle;
    let excess = store.usedBytes - this.#budgetBytes / 2;
    // The sort is stable, so lanes of one size come by first appearance: the same in each repeat.
    const bySize = store.lanes.toSorted((a, b) => b.storedBytes - a.storedBytes);
    let count = 0;
    for (; count < bySize.length && excess > 0; count++) excess -= bySize[count]?.storedBytes ?? 0;
    return bySize.slice(0, count);
  }

  async #writeFaults(): Promise<void> {
    for (const { code, message, text, line } of this.shuffle.takeFaults()) {
      const page = this.#scraper.firstPage;
      const written = { url: text, page, code, message, attempts: 0, at: this.#job.createdAt, line } satisfies ErrorLine;
      const pause = this.#errors.write(written);
      if (pause) await pause;
    }
  }

  #openErrors(): LineWriter {
    const id = batchId(this.#job.id, `errors@${this.#state.legs}`);
    return new LineWriter(this.#tools.cloud.objects, keys.errors(this.#job, id));
  }
}
