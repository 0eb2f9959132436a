import type { Logger } from '@aws-lambda-powertools/logger';
import { Readable } from 'node:stream';
import type { Cloud } from '../aws/cloud.ts';
import { batchId } from '../job/batch.ts';
import type { Enqueued, Job } from '../job/job.ts';
import { assumed, estimateJob, type Fleet } from '../job/estimate.ts';
import { keys } from '../job/keys.ts';
import { laneShares } from '../job/lane.ts';
import { LineWriter } from '../job/line-writer.ts';
import type { Usage } from '../job/outcome.ts';
import type { ErrorLine } from '../job/result.ts';
import { addUsage, emptyUsage } from '../job/summary.ts';
import { UsageShare } from '../job/usage-share.ts';
import type { Scraper } from '../scraper/types.ts';
import { Gatherer, type Counts } from './gatherer.ts';
import { readInputs, type LoadSitemap } from './inputs.ts';
import { RecordReader } from './lane-record.ts';
import { LaneSender, type Sent } from './lane-sender.ts';
import type { LaneStore } from './lane-store.ts';
import { bytesOf } from './object-bytes.ts';
import { sendLanes, type LanePlace } from './send-lanes.ts';
import { MAX_UNIQUE, UniqueSet } from './unique-set.ts';

/** What enqueue works with. */
export interface EnqueueTools {
  readonly cloud: Cloud;
  readonly log: Logger;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Bytes of requests held in memory; what is beyond goes to the bucket and comes back. */
  readonly budgetBytes: number;
  /** Memory of the function, for the cost of an invocation; absent: its time costs nothing. */
  readonly memoryMb?: number;
  /** The functions that scrape, for an estimate of time and cost; absent: none is made. */
  readonly fleet?: Fleet;
  /** Without it, the sitemaps of an index become error lines. */
  readonly loadSitemap?: LoadSitemap;
  /** Messages after which the state of sending is saved; absent: {@link SAVE_EVERY_MESSAGES}. */
  readonly saveEveryMessages?: number;
  /** Requests of one lane that are told apart, at least 20,000; absent: {@link MAX_UNIQUE}. */
  readonly maxUnique?: number;
  /** No other job runs beside this one; absent: others may. */
  readonly isAlone?: boolean;
}

/** With 20 ms a call and 16 in flight, seconds apart. */
const SAVE_EVERY_MESSAGES = 50_000;
/** A step is begun only with this much time left, and twice what the longest took. */
const MIN_STEP_MS = 120_000;
/** Lanes with more lines than this in one spill are counted one by one. */
const LARGE_LANE = 10_000;

/** What is done for certain, so that another invocation goes on from here. */
interface EnqueueState {
  readonly v: 1;
  /** `read`: the entries counted lie in spills. `send`: all of it does, and the lanes up to `after` are sent. */
  readonly phase: 'read' | 'send';
  readonly counts: Counts;
  readonly spills: number;
  /** Lines of the lanes that were large in a spill, duplicates included. */
  readonly large: Readonly<Record<string, number>>;
  readonly sent: Sent;
  readonly hosts: number;
  readonly usage: Usage;
  readonly after?: LanePlace;
}

/**
 * The whole of enqueue behind `job.json`: a shuffle in constant memory. It reads the inputs and gathers requests by lane; when memory
 * is full, what is held goes to the bucket as a spill, in the order of lanes. When all is read, spills (or, mostly, memory) are merged
 * and each lane is sent with one message, so that the number of messages depends on the hosts and not on the size of the input.
 *
 * Nothing in it depends on the clock, on chunks of the network or on what an earlier try got done, so starting over at any point sends
 * the same messages and writes the same objects.
 *
 * @param job - as it was first written: lanes and budget hold for the whole job.
 * @param remainingMs - what is left of the invocation.
 * @param isNew - there is nothing to go on from.
 * @returns whether all is sent and committed; else the job has to go on in another invocation.
 * @throws what S3 or SQS answered.
 */
export async function enqueueJob(
  tools: EnqueueTools,
  job: Job,
  scraper: Scraper,
  remainingMs: () => number,
  isNew = false,
): Promise<boolean> {
  const saved = isNew ? undefined : await tools.cloud.objects.getJson<EnqueueState>(keys.enqueueState(job.id));
  return new EnqueueRun(tools, job, scraper, saved, new StepTime(tools.now, remainingMs)).run();
}

class EnqueueRun {
  readonly #tools: EnqueueTools;
  readonly #scraper: Scraper;
  readonly #time: StepTime;
  readonly #usage: UsageShare;
  #job: Job;
  #state: EnqueueState;

  constructor(tools: EnqueueTools, job: Job, scraper: Scraper, saved: EnqueueState | undefined, time: StepTime) {
    this.#tools = tools;
    this.#scraper = scraper;
    this.#time = time;
    this.#usage = new UsageShare(tools.cloud.meter, tools.memoryMb ?? 0, tools.now);
    this.#job = job;
    const counts: Counts = { entries: 0, failed: 0, limited: 0, errors: {} };
    const sent: Sent = { roots: 0, segments: 0, duplicates: 0, largest: 0 };
    this.#state = saved ?? { v: 1, phase: 'read', counts, spills: 0, large: {}, sent, hosts: 0, usage: emptyUsage };
  }

  async run(): Promise<boolean> {
    const held = this.#state.phase === 'read' ? await this.#read() : undefined;
    if (held === 'unfinished') return false;
    return this.#send(held);
  }

  /** @returns what is held in memory; undefined if it all lies in spills. */
  async #read(): Promise<LaneStore | undefined | 'unfinished'> {
    const { cloud, loadSitemap, budgetBytes } = this.#tools;
    const job = this.#job;
    const gatherer = new Gatherer({
      rule: { groupBy: this.#scraper.politeness.groupBy, lanes: job.lanes },
      maxRequests: job.options.maxRequests ?? Infinity,
      skip: this.#state.counts.entries,
      counts: structuredClone(this.#state.counts),
      budgetBytes: job.budgetBytes ?? budgetBytes,
    });
    let errors = this.#openErrors();
    try {
      for await (const _ of readInputs(cloud.objects, job, gatherer, loadSitemap)) {
        await this.#writeFaults(gatherer, errors);
        if (gatherer.store.usedBytes <= (job.budgetBytes ?? budgetBytes)) continue;
        await errors.close();
        await this.#spill(gatherer, 'read');
        if (!this.#time.isEnough()) return 'unfinished';
        errors = this.#openErrors();
      }
      await this.#writeFaults(gatherer, errors);
      await errors.close();
    } catch (error) {
      await errors.abort();
      throw error;
    }
    if (this.#state.spills > 0) {
      await this.#spill(gatherer, 'send');
      return undefined;
    }
    this.#state = { ...this.#state, ...this.#countLarge(gatherer.store), counts: gatherer.counts };
    return gatherer.store;
  }

  async #send(held: LaneStore | undefined): Promise<boolean> {
    const { cloud, saveEveryMessages = SAVE_EVERY_MESSAGES } = this.#tools;
    const isUnique = !this.#scraper.follows && this.#isDeduplicated();
    const shares = held && this.#sharesOf(held);
    const found = { ...(isUnique && { unique: true }), ...(shares && { laneShares: shares }) };
    if (Object.keys(found).length > 0) {
      this.#job = { ...this.#job, ...found };
      await cloud.objects.putJson(keys.job(this.#job.id), this.#job);
    }
    const sender = new LaneSender(cloud, this.#job.id, this.#state.sent, this.#tools.maxUnique);
    const hosts = new HostCount(this.#job.lanes, this.#state.hosts);
    const sources = held ? [new RecordReader(Readable.from(held.records(), { highWaterMark: 1 }))] : this.#openSpills();
    try {
      for await (const lane of sendLanes(sources, sender, this.#state.after)) {
        hosts.add(lane.name);
        if (held || sender.sent.roots - this.#state.sent.roots < saveEveryMessages) continue;
        await sender.flush();
        await this.#save({ ...this.#state, sent: sender.sent, hosts: hosts.count, after: lane });
        if (!this.#time.isEnough()) return false;
      }
      await sender.flush();
    } catch (error) {
      await sender.abort();
      throw error;
    } finally {
      for (const source of sources) await source.close();
    }
    await this.#commit(sender.sent, hosts.count);
    return true;
  }

  /** Writes the job's accounts: from here on nothing is enqueued again. */
  async #commit({ roots, duplicates, largest }: Sent, hosts: number): Promise<void> {
    const { cloud, now, log } = this.#tools;
    const { entries, failed, limited, errors } = this.#state.counts;
    const at = new Date(now()).toISOString();
    const usage = addUsage(this.#state.usage, this.#usage.take());
    const estimate = this.#estimate({ requests: entries - failed - limited - duplicates, hosts, largest });
    const limit = limited > 0 && { limited };
    const enqueued: Enqueued = { requests: entries, roots, duplicates, failed, errors, hosts, ...limit, usage, ...estimate, at };
    await cloud.objects.putJson(keys.job(this.#job.id), { ...this.#job, enqueued } satisfies Job);
    const { id } = this.#job;
    log.info('A job is enqueued.', { job: id, ...enqueued, errors: Object.keys(errors) });
    for (let n = 0; n < this.#state.spills; n++) await cloud.objects.delete(keys.spill(id, n));
    if (this.#state.spills > 0) await cloud.objects.delete(keys.enqueueState(id));
  }

  /** What the job would take, to be seen beside what it did take. */
  #estimate({ requests, hosts, largest }: { requests: number; hosts: number; largest: number }): Pick<Enqueued, 'estimate'> | undefined {
    const { fleet } = this.#tools;
    if (!fleet || requests === 0) return undefined;
    const { concurrency, delay: delayMs } = { ...this.#scraper.politeness, ...this.#job.options };
    const largestHost = { host: '', requests: largest * this.#job.lanes };
    const { seconds, cost } = estimateJob({ requests, hosts, largestHost }, { concurrency, delayMs, ...assumed }, fleet);
    return { estimate: { seconds: Math.ceil(seconds), usd: cost.usd } };
  }

  /** Puts what is held into the bucket, and saves the state. */
  async #spill(gatherer: Gatherer, phase: EnqueueState['phase']): Promise<void> {
    const { store } = gatherer;
    const { spills } = this.#state;
    await this.#tools.cloud.objects.putStream(keys.spill(this.#job.id, spills), Readable.from(store.records(), { highWaterMark: 1 }));
    const counts = structuredClone(gatherer.counts);
    await this.#save({ ...this.#state, ...this.#countLarge(store), phase, counts, spills: spills + 1 });
    store.clear();
  }

  async #save(step: EnqueueState): Promise<void> {
    const state = { ...step, usage: addUsage(step.usage, this.#usage.take()) };
    await this.#tools.cloud.objects.putJson(keys.enqueueState(this.#job.id), state);
    this.#state = state;
  }

  #countLarge(store: LaneStore): Pick<EnqueueState, 'large'> {
    const large: Record<string, number> = { ...this.#state.large };
    for (const [name, count] of store.largerThan(LARGE_LANE)) large[name] = (large[name] ?? 0) + count;
    return { large };
  }

  /** Whether no lane can have more requests than the sender tells apart. */
  #isDeduplicated(): boolean {
    const largest = Math.max(0, ...Object.values(this.#state.large));
    return largest + LARGE_LANE * (this.#state.spills + 1) <= (this.#tools.maxUnique ?? MAX_UNIQUE);
  }

  /** How the lanes of a job's only host share its concurrency; undefined where there are several hosts or jobs, or one lane. */
  #sharesOf(held: LaneStore): readonly number[] | undefined {
    const { lanes, options } = this.#job;
    // Lanes that two jobs divide differently would have more in flight together than either job allows.
    if (!this.#tools.isAlone || lanes === 1 || held.laneCount === 0 || held.laneCount > lanes) return undefined;
    const counts = Array.from({ length: lanes }, () => 0);
    const hosts = new Set<string>();
    for (const [name, count] of held.largerThan(0)) {
      const hash = name.lastIndexOf('#');
      hosts.add(name.slice(0, hash));
      counts[Number(name.slice(hash + 1))] = count;
    }
    return hosts.size === 1 ? laneShares(counts, options.concurrency ?? this.#scraper.politeness.concurrency) : undefined;
  }

  #openSpills(): RecordReader[] {
    const { objects } = this.#tools.cloud;
    const numbers = Array.from({ length: this.#state.spills }, (_, n) => n);
    return numbers.map((n) => new RecordReader(bytesOf(objects, keys.spill(this.#job.id, n))));
  }

  async #writeFaults(gatherer: Gatherer, errors: LineWriter): Promise<void> {
    for (const { code, message, text, line } of gatherer.takeFaults()) {
      const page = this.#scraper.firstPage;
      const written = { url: text, page, code, message, attempts: 0, at: this.#job.createdAt, line } satisfies ErrorLine;
      const pause = errors.write(written);
      if (pause) await pause;
    }
  }

  /** One object for each part of the input up to a spill. */
  #openErrors(): LineWriter {
    const id = batchId(this.#job.id, `errors@${this.#state.spills}`);
    return new LineWriter(this.#tools.cloud.objects, keys.errors(this.#job, id));
  }
}

/** Knows whether there is time for another step, by those that were. */
class StepTime {
  readonly #now: () => number;
  readonly #remainingMs: () => number;
  #startedMs: number;
  #longestMs = 0;

  constructor(now: () => number, remainingMs: () => number) {
    this.#now = now;
    this.#remainingMs = remainingMs;
    this.#startedMs = now();
  }

  isEnough(): boolean {
    const nowMs = this.#now();
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#startedMs);
    this.#startedMs = nowMs;
    return this.#remainingMs() >= Math.max(MIN_STEP_MS, 2 * this.#longestMs);
  }
}

/** Counts hosts by their lanes. */
class HostCount {
  /** Where a host has several lanes, the hosts known. */
  readonly #known: UniqueSet | undefined;
  count: number;

  constructor(lanes: number, before: number) {
    this.#known = lanes > 1 ? new UniqueSet() : undefined;
    this.count = before;
  }

  add(lane: string): void {
    const host = this.#known && Buffer.from(lane.slice(0, lane.lastIndexOf('#')));
    if (!host || this.#known?.add(host, 0, host.length)) this.count++;
  }
}
