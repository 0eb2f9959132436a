import type { RequestError } from '../job/errors.ts';
import { targetOf, type Request } from '../job/request.ts';
import { askRobots, isOnHost, type GateTools } from './ask-robots.ts';
import { originOf } from './fetch-request.ts';
import { ROBOTS_TIMEOUT_MS, type RobotsAnswer } from './fetch-robots.ts';
import { RobotsErrands } from './robots-errands.ts';
import { SharedRobots, type Asking } from './shared-robots.ts';
import type { Pending, SliceJob } from './slice-job.ts';

/** Requests taken up while robots.txt is on its way; more would only wait in memory. */
const MAX_PARKED = 64;
/** A lane that may ask does so within this time, ms, or another one may. */
const CLAIM_MS = 4 * ROBOTS_TIMEOUT_MS;
/** Waits between two looks for somebody else's answer, ms: as long as it has been under way already, within these bounds. */
const LOOK_MS = 25;
const ERRAND_LOOK_MS = 2_000;
const MAX_LOOK_MS = 60_000;

/** Requests that wait for the robots.txt of their origin. */
interface Waiting {
  readonly requests: Request[];
  /** When to look whether another lane has brought it; absent: this lane is asking, or looking just now. */
  lookMs?: number | undefined;
  /** The lane's right to ask ends then; absent: it needs none. */
  claimedUntilMs?: number;
}

/**
 * What stands between a slice's requests and their fetches where robots.txt is obeyed: requests wait here until it is known, and it is
 * asked for once. Where the host has several lanes, one of them asks and the others look for its answer in the bucket. Where a redirect
 * leads to another host, a request that waits goes there and asks in that host's own lane, at its pace.
 */
export class RobotsGate {
  readonly #j: SliceJob;
  readonly #tools: GateTools;
  readonly #shared: SharedRobots;
  /** For what lies on other hosts. */
  readonly errands: RobotsErrands;
  readonly #waiting = new Map<string, Waiting>();
  /** Origins whose robots.txt is to be asked for, each as a request of the lane. */
  readonly #questions: string[] = [];
  /** Origins whose crawl-delay the pace knows. */
  readonly #declared = new Set<string>();
  readonly obeys: boolean;

  constructor(job: SliceJob, tools: GateTools) {
    this.#j = job;
    this.#tools = tools;
    this.#shared = new SharedRobots(job.tools.cloud.objects);
    this.errands = new RobotsErrands(job, tools, this.#shared);
    this.obeys = job.scraper.politeness.robots === 'obey';
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  get isFull(): boolean {
    if (this.#waiting.size === 0) return false;
    let count = 0;
    for (const { requests } of this.#waiting.values()) count += requests.length;
    return count >= MAX_PARKED;
  }

  /** @returns whether the request's rules are known; if not, it waits here. */
  passes(request: Request): boolean {
    if (!this.obeys) return true;
    const origin = originOf(targetOf(request));
    const nowMs = this.#j.tools.now();
    if (this.#j.state.robots.isFresh(origin, nowMs)) {
      this.#declare(origin);
      return true;
    }
    // A robots.txt may always be fetched (RFC 9309, section 2.2.2).
    if (request.errand) return true;
    const waiting = this.#waiting.get(origin);
    if (waiting) waiting.requests.push(request);
    else if (this.#isShared(origin)) this.#waiting.set(origin, { requests: [request], lookMs: nowMs });
    else {
      this.#waiting.set(origin, { requests: [request] });
      this.#questions.push(origin);
    }
    return false;
  }

  /** Why a request whose rules are known must be left alone. */
  refusal(request: Request): RequestError | undefined {
    const target = targetOf(request);
    return this.obeys ? this.#j.state.robots.refusal(originOf(target), target, this.#j.tools.now()) : undefined;
  }

  /** Whether a URL is known to be allowed. */
  permits(url: string): boolean {
    return !this.obeys || this.#j.state.robots.permits(originOf(url), url, this.#j.tools.now());
  }

  /** What the robots.txt of a fetched page's site says about the use of its content: recorded, not judged. */
  signals(url: string): readonly string[] {
    return this.obeys ? this.#j.state.robots.signals(originOf(url)) : [];
  }

  /** A look for another lane's answer that is due; it is no request to the host. */
  dueLook(): (() => Promise<void>) | undefined {
    const nowMs = this.#j.tools.now();
    for (const [origin, waiting] of this.#waiting) {
      if (waiting.lookMs === undefined || waiting.lookMs > nowMs) continue;
      waiting.lookMs = undefined;
      return () => this.#look(origin, waiting);
    }
    return undefined;
  }

  /** A robots.txt to ask for: a request to the host like any other. */
  dueQuestion(): (() => Promise<void>) | undefined {
    for (let origin = this.#questions.shift(); origin !== undefined; origin = this.#questions.shift()) {
      const waiting = this.#waiting.get(origin);
      if (!waiting) continue;
      const asked = origin;
      const nowMs = this.#j.tools.now();
      // Asked later than this, the answer might come when another lane asks already.
      if ((waiting.claimedUntilMs ?? Number.POSITIVE_INFINITY) - ROBOTS_TIMEOUT_MS >= nowMs) return () => this.#ask(asked, waiting);
      waiting.lookMs = nowMs;
    }
    return undefined;
  }

  /** When there is something to do here; Infinity while only what is under way can bring it on. @param turnMs - when the lane has a turn. */
  nextMs(turnMs: number): number {
    let soonestMs = this.#questions.length > 0 ? turnMs : Number.POSITIVE_INFINITY;
    for (const { lookMs } of this.#waiting.values()) soonestMs = Math.min(soonestMs, lookMs ?? Number.POSITIVE_INFINITY);
    return soonestMs;
  }

  /** Takes out what waits, with the time from which it may go on. */
  drain(): Pending[] {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#questions.splice(0);
    return all.flatMap(({ requests, lookMs }) => requests.map((request) => ({ request, dueMs: lookMs ?? 0 })));
  }

  #isShared(origin: string): boolean {
    return this.#j.laneRule.lanes > 1 || this.#j.state.robots.record(origin)?.isElsewhere === true;
  }

  async #look(origin: string, waiting: Waiting): Promise<void> {
    const { lane, state, tools } = this.#j;
    const hasSent = state.robots.record(origin)?.isElsewhere === true;
    const seen = await this.#shared.read(origin);
    if (seen?.record) state.robots.keep(origin, seen.record);
    const nowMs = tools.now();
    if (state.robots.isFresh(origin, nowMs)) return this.#free(origin, waiting);
    const { asking } = seen ?? {};
    // What this very lane began and knows nothing of, an invocation before did not live to commit: only one at a time has the lane.
    const isLost = asking?.lane === lane && !(asking.isErrand && hasSent);
    if (asking && asking.untilMs > nowMs && !isLost) {
      waiting.lookMs = nowMs + lookWaitMs(asking, nowMs);
      return undefined;
    }
    const untilMs = nowMs + CLAIM_MS;
    if (await this.#shared.claim(origin, { lane, sinceMs: nowMs, untilMs }, seen)) {
      waiting.claimedUntilMs = untilMs;
      this.#questions.push(origin);
    } else waiting.lookMs = nowMs + LOOK_MS;
    return undefined;
  }

  async #ask(origin: string, waiting: Waiting): Promise<void> {
    const { robots } = this.#j.state;
    const known = robots.record(origin);
    const first = { url: `${origin}/robots.txt`, redirects: 0 };
    const question = { ...(known?.moved ?? first), tries: known?.trouble?.tries ?? 0 };
    const { record, moved } = await askRobots(question, this.#j, this.#tools);
    if (moved && isOnHost(moved.url, this.#j)) {
      robots.keep(origin, { ...known, fetchedMs: this.#j.tools.now(), expiresMs: 0, moved });
      this.#questions.push(origin);
      return undefined;
    }
    if (moved) return this.#sendErrand(origin, waiting, moved);
    if (record) robots.keep(origin, record);
    this.#free(origin, waiting);
    // Those that waited here go on while the others are told.
    if (record && waiting.claimedUntilMs !== undefined) await this.#shared.answer(origin, record);
    return undefined;
  }

  /** One of those that wait goes to the lane where the file lies; the others look for what it brings. */
  async #sendErrand(origin: string, waiting: Waiting, moved: NonNullable<RobotsAnswer['moved']>): Promise<void> {
    const request = waiting.requests.shift();
    // Given up meanwhile, with all others.
    if (!request) return;
    const asking = await this.errands.send(origin, request, moved);
    if (waiting.requests.length === 0) this.#close(origin, waiting);
    else waiting.lookMs = asking.sinceMs + lookWaitMs(asking, asking.sinceMs);
  }

  #free(origin: string, waiting: Waiting): void {
    this.#close(origin, waiting);
    this.#tools.release(waiting.requests.splice(0));
  }

  #close(origin: string, waiting: Waiting): void {
    // All may have been taken out meanwhile, and others have come.
    if (this.#waiting.get(origin) === waiting) this.#waiting.delete(origin);
  }

  /** Takes up the delay that the robots.txt of an origin asks for, once, and says so where it is longer than the scraper's own. */
  #declare(origin: string): void {
    if (this.#declared.has(origin)) return;
    this.#declared.add(origin);
    const { tools, pace, state, scraper, sink, job, lane } = this.#j;
    const declaredMs = state.robots.crawlDelayMs(origin);
    if (declaredMs === undefined || declaredMs <= scraper.politeness.delay) return;
    const keptMs = Math.max(pace.declare(declaredMs), scraper.politeness.delay);
    sink.crawlDelay(origin, { declaredMs, keptMs });
    const what = keptMs < declaredMs ? 'cut to the most that is granted' : 'kept';
    tools.log.info(`A crawl-delay longer than the scraper’s delay is ${what}.`, { job: job.id, lane, origin, declaredMs, keptMs });
  }
}

function lookWaitMs({ sinceMs, isErrand }: Asking, nowMs: number): number {
  return Math.min(MAX_LOOK_MS, Math.max(isErrand ? ERRAND_LOOK_MS : LOOK_MS, nowMs - sinceMs));
}
