import type { CookieJar } from '../fetch/cookie-jar.ts';
import type { FetchedFile, FetchedPage, RedirectedElsewhere } from '../fetch/types.ts';
import type { HostFailure, LanePace, PaceObservation } from '../fetch/lane-pace.ts';
import { isRepeatable, retryDelayMs } from '../fetch/retry-timing.ts';
import { RequestError } from '../job/errors.ts';
import type { Job } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import type { CrawlDelay } from '../job/outcome.ts';
import { laneOf, type LaneRule } from '../job/lane.ts';
import { targetOf, type Request } from '../job/request.ts';
import type { PageYield, Scraper } from '../scraper/types.ts';
import { fetchRequestOf, originOf } from './fetch-request.ts';
import type { Claims } from './claims.ts';
import { CANCEL_CHECK_MS } from './job-book.ts';
import type { IdleWatch } from './idle-watch.ts';
import { keepFile, StoreFailure } from './keep-file.ts';
import type { LaneState } from './lane-state.ts';
import type { PageChanges } from './page-changes.ts';
import type { RequestSource } from '../job/request-source.ts';
import type { Tools } from './tools.ts';

/** A request that goes on in a later batch, with the time from which it may. */
export interface Pending {
  readonly request: Request;
  readonly dueMs: number;
}

/** Where a slice puts what it finds; a promise asks the slice to wait (the sink is full). */
export interface SliceSink {
  page(request: Request, page: FetchedPage, pageYield: PageYield): Promise<void> | undefined;
  file(request: Request, file: FetchedFile): Promise<void> | undefined;
  failed(request: Request, error: RequestError): Promise<void> | undefined;
  duplicate(): void;
  /** The site says that the page is as an earlier run found it. */
  unchanged(request: Request): void;
  fetched(tookMs: number): void;
  /** The robots.txt of an origin asks for a delay. */
  crawlDelay(origin: string, delay: CrawlDelay): void;
}

export interface SliceEnd {
  /** Requests taken from the source, from its start; the rest belongs to a child. */
  readonly taken: number;
  /** Taken but unfinished: retries, moves to another lane, what was under way when time was up. All claimed. */
  readonly pending: readonly Pending[];
  /** The lane may not go on before this (ms since the epoch); 0 = at once. */
  readonly notBeforeMs: number;
  /** The slice stopped because the job was cancelled. */
  readonly cancelled: boolean;
}

export interface SliceJob {
  readonly tools: Tools;
  readonly job: Job;
  readonly scraper: Scraper;
  readonly lane: string;
  readonly laneRule: LaneRule;
  readonly state: LaneState;
  readonly pace: LanePace;
  readonly source: RequestSource;
  readonly claims: Claims;
  /** Absent: none are kept. */
  readonly cookies: CookieJar | undefined;
  /** Compares with earlier runs; absent: they are not compared. */
  readonly changes: PageChanges | undefined;
  readonly sink: SliceSink;
  readonly idle: IdleWatch;
  /** Nothing is started after this; it may change with what is learnt of the host. */
  readonly endMs: number;
  /** What is under way then is given up and goes on in a child. */
  readonly hardEndMs: number;
  readonly isCancelled: () => Promise<boolean>;
}

/** A fetch that took this long before the end of its invocation had its chance. */
const LONG_FETCH_MS = 25_000;
/** Requests taken up while robots.txt is on its way; more would only wait in memory. */
const MAX_PARKED = 64;
/** Attempts of a request whose host asks for pauses (429, 503): those waits are the host's wish, not the page's fault. */
const EXTRA_ATTEMPTS_LATER = 4;

/**
 * Works through the requests of one batch until they are done or the time is up, at the lane's pace: the lane's single
 * thread of decisions. Every fetch runs on its own; whatever ends or becomes due wakes the loop.
 */
export class Slice {
  readonly #j: SliceJob;
  readonly #abort = new AbortController();
  readonly #pending: Pending[] = [];
  /** Failed requests that wait out their back-off inside this slice. */
  readonly #retries: Pending[] = [];
  /** Requests that wait for the robots.txt of their origin. */
  readonly #parked = new Map<string, Request[]>();
  readonly #ready: Request[] = [];
  /** Origins whose robots.txt is to be asked for, each as a request of the lane. */
  readonly #questions: string[] = [];
  /** Origins whose crawl-delay the pace knows. */
  readonly #declared = new Set<string>();
  #parkedCount = 0;
  #taken = 0;
  #running = 0;
  #wake: () => void = () => {};
  #givenBack = false;
  #cancelled = false;
  #failure: unknown;

  readonly #isOwn = (url: string): boolean => laneOf(url, this.#j.laneRule) === this.#j.lane;
  /** Whether a redirect to there is followed on the spot: it is a request like any other, with a pace and rules of its own. */
  readonly #mayFollow = (url: string): boolean =>
    this.#isOwn(url) && !this.#j.pace.isSpaced && (!this.#obeys || this.#j.state.robots.permits(originOf(url), url, this.#j.tools.now()));
  readonly #obeys: boolean;

  constructor(job: SliceJob) {
    this.#j = job;
    this.#obeys = job.scraper.politeness.robots === 'obey';
  }

  /** @throws what a sink or a segment read threw: the batch cannot be committed. */
  async run(): Promise<SliceEnd> {
    const { now } = this.#j.tools;
    let nextCancelCheckMs = now() + CANCEL_CHECK_MS;
    this.#j.idle.enter();
    try {
      for (;;) {
        if (this.#failure !== undefined) break;
        if (now() >= nextCancelCheckMs) {
          nextCancelCheckMs = now() + CANCEL_CHECK_MS;
          this.#cancelled ||= await this.#j.isCancelled();
        }
        const { deadOf, pausedUntil } = this.#j.pace;
        if (deadOf !== undefined && now() < pausedUntil) await this.#giveUpHost(deadOf);
        const stopping = this.#givenBack || this.#cancelled || now() >= this.#j.endMs || this.#isPausedBeyondSlice();
        if (!stopping) await this.#startDue();
        if (this.#running === 0 && (stopping || this.#isDone())) break;
        if (now() >= this.#j.hardEndMs) this.#abort.abort();
        await this.#sleep(stopping ? this.#j.hardEndMs : Math.min(this.#nextStartMs(), this.#j.endMs));
      }
    } finally {
      this.#j.idle.leave(this);
      this.#abort.abort();
    }
    if (this.#failure !== undefined) throw this.#failure;
    const notBeforeMs = Math.max(0, this.#j.pace.pausedUntil, this.#givenBack ? now() + finite(this.#j.pace.waitMs(now())) : 0);
    for (const request of [...this.#ready, ...[...this.#parked.values()].flat()]) this.#pending.push({ request, dueMs: notBeforeMs });
    return {
      taken: this.#taken,
      pending: [...this.#pending, ...this.#retries],
      notBeforeMs: notBeforeMs > now() ? notBeforeMs : 0,
      cancelled: this.#cancelled,
    };
  }

  /** Starts whatever the pace allows now. */
  async #startDue(): Promise<void> {
    const { pace, tools } = this.#j;
    while (tools.now() < this.#j.endMs && pace.waitMs(tools.now()) === 0) {
      const unknown = this.#questions.shift();
      if (unknown !== undefined) {
        this.#launch(() => this.#askRobots(unknown));
        continue;
      }
      if (this.#parkedCount >= MAX_PARKED) return;
      const request = this.#takeReady() ?? (await this.#takeNew());
      if (!request) return;
      const origin = originOf(targetOf(request));
      if (this.#obeys && !this.#j.state.robots.isFresh(origin, tools.now())) {
        this.#park(origin, request);
        continue;
      }
      if (this.#obeys) this.#declare(origin);
      // The host may have asked for a pause while the request was read, or its robots.txt for a delay just now.
      if (pace.waitMs(tools.now()) > 0) this.#ready.unshift(request);
      else this.#launch(() => this.#work(request, origin));
    }
  }

  #takeReady(): Request | undefined {
    const ready = this.#ready.shift();
    if (ready) return ready;
    if (this.#nextRetryMs() > this.#j.tools.now()) return undefined;
    return this.#retries.shift()?.request;
  }

  /** The next request that the lane has not seen, claimed. */
  async #takeNew(): Promise<Request | undefined> {
    for (;;) {
      const request = this.#j.source.take() ?? ((await this.#j.source.load()) ? this.#j.source.take() : undefined);
      if (!request) return undefined;
      this.#taken++;
      const claimed = this.#j.claims.claim(request);
      if (claimed) return claimed;
      this.#j.sink.duplicate();
    }
  }

  /** Waits with a request for its origin's robots.txt; the first one there has it asked for. */
  #park(origin: string, request: Request): void {
    const parked = this.#parked.get(origin);
    this.#parkedCount++;
    if (parked) {
      parked.push(request);
      return;
    }
    this.#parked.set(origin, [request]);
    this.#questions.push(origin);
  }

  async #askRobots(origin: string): Promise<void> {
    const { tools, pace, state } = this.#j;
    const watch = this.#watch();
    const answer = await state.robots.load(origin, tools.fetcher, tools.now, {
      // RFC 9309, section 2.3.1.2, wants redirects followed to other hosts too: one small file a day. At home they keep the pace.
      isOwn: (url) => !this.#isOwn(url) || !pace.isSpaced,
      onSent: watch.sent,
      signal: this.#abort.signal,
    });
    pace.ended(tools.now(), watch.seen(answer === 'moved' ? undefined : answer));
    if (answer === 'moved') {
      this.#questions.push(origin);
      return;
    }
    const free = this.#parked.get(origin) ?? [];
    this.#parked.delete(origin);
    this.#parkedCount -= free.length;
    this.#ready.push(...free);
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

  async #work(request: Request, origin: string): Promise<void> {
    const { tools, pace, scraper, sink, state } = this.#j;
    const target = targetOf(request);
    if (this.#obeys) {
      const refusal = state.robots.refusal(origin, target, tools.now());
      if (refusal) return this.#fail(request, refusal);
    }
    const watch = this.#watch();
    const startedMs = tools.now();
    let answer: FetchedPage | FetchedFile | RedirectedElsewhere;
    try {
      const validators = request.file ? undefined : this.#j.changes?.validatorsFor(request);
      const context = { isOwn: this.#mayFollow, onSent: watch.sent, signal: this.#abort.signal, cookies: this.#j.cookies, validators };
      const wanted = fetchRequestOf(request, scraper.request, context);
      const { objects } = tools.cloud;
      answer = request.file
        ? await keepFile(tools.fetcher, objects, wanted, keys.files(this.#j.job.id, request.file.name))
        : await tools.fetcher.fetch(wanted);
      sink.fetched(tools.now() - startedMs);
      pace.ended(tools.now(), watch.seen());
    } catch (error) {
      if (error instanceof StoreFailure) throw error;
      sink.fetched(tools.now() - startedMs);
      const failure = asRequestError(error);
      if (failure.code === 'http-304') {
        pace.ended(tools.now(), watch.seen());
        return sink.unchanged(request);
      }
      pace.ended(tools.now(), watch.seen(failure));
      return this.#abort.signal.aborted ? this.#givenUp(request, tools.now() - startedMs) : this.#fail(request, failure);
    }
    // The target's own lane keeps its host's pace; the claim stays with the request, so that it is nobody's duplicate there.
    if (answer.kind === 'elsewhere') {
      if (this.#isOwn(answer.location)) this.#ready.push(moved(request, answer));
      else this.#pending.push({ request: moved(request, answer), dueMs: 0 });
    } else if (answer.kind === 'file') await sink.file(request, answer);
    else await this.#parse(request, answer);
  }

  async #parse(request: Request, page: FetchedPage): Promise<void> {
    const { scraper, job, tools, sink } = this.#j;
    let pageYield: PageYield;
    try {
      pageYield = await scraper.run(request, page, {
        job: job.id,
        maxDepth: scraper.maxDepth,
        log: (message, facts) => tools.log.info(message, { ...facts }),
      });
    } catch (error) {
      return this.#fail(request, asRequestError(error));
    }
    const { status } = page.provenance;
    tools.log.debug('page', { ...this.#whose(request), status, items: pageYield.items.length, follows: pageYield.follows.length });
    await sink.page(request, page, pageYield);
  }

  /** What a line of the log is found by. */
  #whose({ url }: Request): { readonly job: string; readonly lane: string; readonly url: string } {
    return { job: this.#j.job.id, lane: this.#j.lane, url };
  }

  /**
   * A request whose fetch was ended because the invocation's time was up goes on in a child as if it had not been started; but one that
   * had the best part of a slice would find no more time there, so that was an attempt.
   */
  async #givenUp(request: Request, tookMs: number): Promise<void> {
    if (tookMs < LONG_FETCH_MS) this.#pending.push({ request: { ...request, claimed: true }, dueMs: 0 });
    else
      await this.#fail(
        request,
        new RequestError('timeout', `${request.url} was not there whole after ${tookMs} ms, more than a slice can give.`),
      );
  }

  /** Plans another attempt, or ends the request with an error line. */
  async #fail(request: Request, error: RequestError): Promise<void> {
    // What robots.txt forbids was not fetched.
    const attempts = (request.attempts ?? 0) + (error.code === 'robots' && error.next === 'never' ? 0 : 1);
    const allowed = this.#j.scraper.request.retries + 1 + (error.next === 'later' ? EXTRA_ATTEMPTS_LATER : 0);
    const tried: Request = { ...request, claimed: true, attempts };
    this.#j.tools.log.debug('attempt failed', { ...this.#whose(request), code: error.code, attempts, allowed });
    // Without an answer nobody knows whether a POST was done: sent again it might be done twice.
    const mayRepeat = error.status !== undefined || isRepeatable(request.method ?? 'GET');
    if (error.next === 'never' || attempts >= allowed || !mayRepeat) {
      await this.#j.sink.failed(tried, error);
      return;
    }
    const { now, random } = this.#j.tools;
    const waitMs = retryDelayMs(attempts, { random: random(), retryAfterMs: error.retryAfterMs });
    const dueMs = now() + waitMs;
    const at = this.#retries.findIndex((r) => r.dueMs > dueMs);
    this.#retries.splice(at < 0 ? this.#retries.length : at, 0, { request: tried, dueMs });
  }

  /** The earliest retry; they are kept in the order of their times. */
  #nextRetryMs(): number {
    return this.#retries[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Tells the pace that a request starts. @returns what hears of its going out, and what tells how it went as the host's pace sees it. */
  #watch(): { readonly sent: () => void; readonly seen: (failure?: RequestError) => PaceObservation } {
    const { tools, pace } = this.#j;
    const [startedMs, busyMs] = [tools.now(), tools.busyMs()];
    let isSent = false;
    pace.started(startedMs, isSent);
    const sent = (): void => {
      pace.sent(tools.now(), !isSent);
      isSent = true;
      // Where starts are spaced, the next one waits for this.
      if (pace.isSpaced) this.#wake();
    };
    const seen = (failure?: RequestError): PaceObservation => {
      if (!isSent) sent();
      const times = { latencyMs: tools.now() - startedMs, busyMs: tools.busyMs() - busyMs };
      if (!failure) return times;
      const { code, status, retryAfterMs } = failure;
      return { ...times, code, ...(status !== undefined && { status }), ...(retryAfterMs !== undefined && { retryAfterMs }) };
    };
    return { sent, seen };
  }

  /** The host is down and has been probed in vain: what waits for it ends now rather than in hours, one attempt each. */
  async #giveUpHost(code: HostFailure): Promise<void> {
    const untried = new RequestError(code, 'The host did not answer any of several probes after growing pauses.', { next: 'never' });
    const waiting = [...this.#ready.splice(0), ...this.#retries.splice(0).map((r) => r.request), ...[...this.#parked.values()].flat()];
    this.#parked.clear();
    this.#parkedCount = 0;
    this.#questions.splice(0);
    for (const request of waiting) await this.#j.sink.failed(request, untried);
    for (let request = await this.#takeNew(); request; request = await this.#takeNew()) await this.#j.sink.failed(request, untried);
  }

  #launch(task: () => Promise<void>): void {
    this.#running++;
    void task()
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#running--;
        this.#wake();
      });
  }

  #isDone(): boolean {
    return this.#ready.length === 0 && this.#retries.length === 0 && this.#parked.size === 0 && this.#j.source.isEmpty;
  }

  /** A pause longer than the slice has left is waited for in the queue. */
  #isPausedBeyondSlice(): boolean {
    return this.#j.pace.pausedUntil >= this.#j.endMs;
  }

  /** When the loop has something to start: at once when woken, else when the pace or a back-off says so. */
  #nextStartMs(): number {
    const { pace, tools, source } = this.#j;
    const nowMs = tools.now();
    const paceMs = nowMs + pace.waitMs(nowMs);
    if (this.#questions.length > 0) return paceMs;
    // With as many waiting for robots.txt as may, only its arrival frees anything.
    if (this.#parkedCount >= MAX_PARKED) return Number.POSITIVE_INFINITY;
    if (this.#ready.length > 0 || !source.isEmpty) return paceMs;
    return Math.max(this.#nextRetryMs(), paceMs);
  }

  async #sleep(untilMs: number): Promise<void> {
    const { tools, idle } = this.#j;
    const nowMs = tools.now();
    if (this.#running === 0) {
      idle.wait(this, untilMs, () => {
        this.#givenBack = true;
        this.#wake();
      });
    }
    if (!this.#givenBack && untilMs > nowMs) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        // Beyond this bound setTimeout fires at once; the loop simply comes round again.
        if (Number.isFinite(untilMs)) timer = setTimeout(resolve, Math.min(untilMs - nowMs, 2 ** 31 - 1));
      });
      clearTimeout(timer);
      this.#wake = () => {};
    }
    idle.resume(this);
  }
}

/** The request goes on in the lane of the redirect's target, and stays what it is: its URL, its claim, its attempts. */
function moved(request: Request, { location, redirects, method }: RedirectedElsewhere): Request {
  const isOther = method !== (request.locationMethod ?? request.method ?? 'GET');
  return { ...request, claimed: true, location, redirects, ...(isOther && { locationMethod: method }) };
}

function finite(ms: number): number {
  return Number.isFinite(ms) ? ms : 0;
}

/** Whatever is not a named failure of the request is a fault of urldrop: it ends that page, never its batch. */
export function asRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError('internal', `Unexpected ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`, {
    cause: error,
  });
}
