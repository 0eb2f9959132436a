import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FetchedFile, FetchedPage, RedirectedElsewhere } from '../fetch/types.ts';
import type { HostFailure } from '../fetch/lane-pace.ts';
import { RequestError } from '../job/errors.ts';
import { keys } from '../job/keys.ts';
import { laneOf } from '../job/lane.ts';
import type { Request } from '../job/request.ts';
import type { PageYield } from '../scraper/types.ts';
import { fetchRequestOf, moved } from './fetch-request.ts';
import { CANCEL_CHECK_MS } from './job-book.ts';
import { keepFile, StoreFailure } from './keep-file.ts';
import { LaneRest } from './lane-rest.ts';
import { PacedFetch } from './paced-fetch.ts';
import { Retries, type Beginning } from './retries.ts';
import { isOnErrand } from './robots-errands.ts';
import { RobotsGate } from './robots-gate.ts';
import type { Pending, SliceEnd, SliceJob } from './slice-job.ts';

/** A fetch that took this long before the end of its invocation had its chance. */
const LONG_FETCH_MS = 25_000;
/** After so many starts it is the sockets' turn: before that no connection is opened and nothing goes out, however many are started. */
const STARTS_AT_ONCE = 32;
/** Levels of the log at which pages have lines. */
const PAGE_LEVELS: ReadonlySet<string> = new Set(['DEBUG', 'TRACE']);

/**
 * Works through the requests of one batch until they are done or the time is up, at the lane's pace: the lane's single
 * thread of decisions. Every fetch runs on its own; whatever ends or becomes due wakes the loop.
 */
export class Slice {
  readonly #j: SliceJob;
  readonly #abort = new AbortController();
  readonly #pending: Pending[] = [];
  readonly #ready: Request[] = [];
  readonly #retries: Retries;
  readonly #robots: RobotsGate;
  readonly #rest: LaneRest;
  #taken = 0;
  #running = 0;
  #cancelled = false;
  #failure: unknown;
  /** Whether the log keeps a line for each page: the logger looks that up in the environment every time, 0.01 ms. */
  readonly #logsPages: boolean;

  readonly #isOwn = (url: string): boolean => laneOf(url, this.#j.laneRule) === this.#j.lane;
  /** Whether a redirect to there is followed on the spot: it is a request like any other, with a pace and rules of its own. */
  readonly #mayFollow = (url: string): boolean => this.#isOwn(url) && !this.#j.pace.isSpaced && this.#robots.permits(url);

  constructor(job: SliceJob) {
    this.#j = job;
    this.#logsPages = PAGE_LEVELS.has(job.tools.log.getLevelName());
    this.#rest = new LaneRest(job.idle, job.tools.now);
    this.#retries = new Retries(job.scraper.request, job.pace, job.tools);
    this.#robots = new RobotsGate(job, {
      start: () => this.#start(),
      signal: this.#abort.signal,
      release: (requests) => {
        this.#ready.push(...requests);
        this.#rest.wake();
      },
      sendAway: (request) => this.#pending.push({ request, dueMs: 0 }),
    });
  }

  /** @throws what a sink or a segment read threw: the batch cannot be committed. */
  async run(): Promise<SliceEnd> {
    const { now } = this.#j.tools;
    let nextCancelCheckMs = now() + CANCEL_CHECK_MS;
    this.#rest.begin();
    try {
      for (;;) {
        if (this.#failure !== undefined) break;
        if (now() >= nextCancelCheckMs) {
          nextCancelCheckMs = now() + CANCEL_CHECK_MS;
          this.#cancelled ||= await this.#j.isCancelled();
        }
        const { deadOf, pausedUntil } = this.#j.pace;
        if (deadOf !== undefined && now() < pausedUntil) await this.#giveUpHost(deadOf);
        const stopping = this.#rest.isSentHome || this.#cancelled || now() >= this.#j.endMs || this.#isPausedBeyondSlice();
        if (!stopping) await this.#startDue();
        if (this.#running === 0 && (stopping || this.#isDone())) break;
        if (now() >= this.#j.hardEndMs) this.#abort.abort();
        await this.#rest.until(stopping ? this.#j.hardEndMs : Math.min(this.#nextStartMs(), this.#j.endMs), this.#running > 0);
      }
    } finally {
      this.#rest.end();
      this.#abort.abort();
    }
    if (this.#failure !== undefined) throw this.#failure;
    const notBeforeMs = Math.max(0, this.#j.pace.pausedUntil, this.#rest.isSentHome ? finite(this.#nextStartMs()) : 0);
    for (const request of this.#ready) this.#pending.push({ request, dueMs: notBeforeMs });
    for (const { request, dueMs } of this.#robots.drain()) this.#pending.push({ request, dueMs: Math.max(dueMs, notBeforeMs) });
    return {
      taken: this.#taken,
      pending: [...this.#pending, ...this.#retries.drain()],
      notBeforeMs: notBeforeMs > now() ? notBeforeMs : 0,
      cancelled: this.#cancelled,
    };
  }

  /** Starts whatever the pace allows now. */
  async #startDue(): Promise<void> {
    const { pace, tools } = this.#j;
    for (let rounds = 0; tools.now() < this.#j.endMs; rounds++) {
      if (rounds > 0 && rounds % STARTS_AT_ONCE === 0) await nextTurn();
      const look = this.#robots.dueLook();
      if (look) {
        this.#launch(look);
        continue;
      }
      if (pace.waitMs(tools.now()) > 0) return;
      const question = this.#robots.dueQuestion();
      if (question) {
        this.#launch(question);
        continue;
      }
      if (this.#robots.isFull) return;
      const request = this.#ready.shift() ?? this.#retries.take() ?? (await this.#takeNew());
      if (!request) return;
      const overdue = isOnErrand(request) ? undefined : this.#retries.overdue(request);
      if (overdue) {
        await this.#j.sink.failed(request, overdue);
        continue;
      }
      if (!this.#robots.passes(request)) continue;
      // The host may have asked for a pause while the request was read, or its robots.txt for a delay just now.
      if (pace.waitMs(tools.now()) > 0) this.#ready.unshift(request);
      else this.#launch(() => (isOnErrand(request) ? this.#robots.errands.run(request) : this.#work(request)));
    }
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

  async #work(request: Request): Promise<void> {
    const { tools, scraper, sink } = this.#j;
    const began = this.#retries.begin();
    const refusal = this.#robots.refusal(request);
    if (refusal) return this.#fail(request, refusal, began);
    const fetch = this.#start();
    let answer: FetchedPage | FetchedFile | RedirectedElsewhere;
    try {
      const validators = request.file ? undefined : this.#j.changes?.validatorsFor(request);
      // What is compared with earlier runs is read as they read it.
      const isEnough = this.#j.changes ? undefined : scraper.enough(request);
      const { signal } = this.#abort;
      const context = { isOwn: this.#mayFollow, onSent: fetch.sent, signal, cookies: this.#j.cookies, validators, isEnough };
      const wanted = fetchRequestOf(request, scraper.request, context);
      const { objects } = tools.cloud;
      answer = request.file
        ? await keepFile(tools.fetcher, objects, wanted, keys.files(this.#j.job.id, request.file.name))
        : await tools.fetcher.fetch(wanted);
      sink.fetched(tools.now() - began.atMs);
      fetch.ended();
    } catch (error) {
      if (error instanceof StoreFailure) throw error;
      sink.fetched(tools.now() - began.atMs);
      const failure = asRequestError(error);
      if (failure.code === 'http-304') {
        fetch.ended();
        return sink.unchanged(request);
      }
      fetch.ended(failure);
      return this.#abort.signal.aborted ? this.#givenUp(request, began) : this.#fail(request, failure, began);
    }
    // The target's own lane keeps its host's pace; the claim stays with the request, so that it is nobody's duplicate there.
    if (answer.kind === 'elsewhere') {
      if (this.#isOwn(answer.location)) this.#ready.push(moved(request, answer));
      else this.#pending.push({ request: this.#retries.forOtherLane(moved(request, answer)), dueMs: 0 });
    } else if (answer.kind === 'file') await sink.file(request, answer, this.#robots.signals(answer.url));
    else await this.#parse(request, answer, began);
  }

  async #parse(request: Request, page: FetchedPage, began: Beginning): Promise<void> {
    const { scraper, job, tools, sink } = this.#j;
    let pageYield: PageYield;
    try {
      pageYield = await scraper.run(request, page, {
        job: job.id,
        isLast: true,
        maxDepth: scraper.maxDepth,
        log: (message, facts) => tools.log.info(message, { ...facts }),
      });
    } catch (error) {
      return this.#fail(request, asRequestError(error), began);
    }
    const { status } = page.provenance;
    if (this.#logsPages)
      tools.log.debug('page', { ...this.#whose(request), status, items: pageYield.items.length, follows: pageYield.follows.length });
    await sink.page(request, page, pageYield, this.#robots.signals(page.url));
  }

  /** What a line of the log is found by. */
  #whose({ url }: Request): { readonly job: string; readonly lane: string; readonly url: string } {
    return { job: this.#j.job.id, lane: this.#j.lane, url };
  }

  /**
   * A request whose fetch was ended because the invocation's time was up goes on in a child as if it had not been started; but one that
   * had the best part of a slice would find no more time there, so that was an attempt.
   */
  async #givenUp(request: Request, began: Beginning): Promise<void> {
    const tookMs = this.#j.tools.now() - began.atMs;
    if (tookMs < LONG_FETCH_MS) {
      this.#pending.push({ request: { ...request, claimed: true }, dueMs: 0 });
      return;
    }
    const message = `${request.url} was not there whole after ${tookMs} ms, more than a slice can give.`;
    await this.#fail(request, new RequestError('timeout', message), began);
  }

  /** Plans another attempt, or ends the request with an error line. */
  async #fail(request: Request, error: RequestError, began: Beginning): Promise<void> {
    const { tools, sink } = this.#j;
    const final = this.#retries.plan(request, error, began);
    tools.log.debug('attempt failed', {
      ...this.#whose(request),
      code: error.code,
      attempts: request.attempts ?? 0,
      isFinal: final !== undefined,
    });
    if (final) await sink.failed(final.request, final.error);
  }

  /** A request to the host starts. */
  #start(): PacedFetch {
    // Where starts are spaced, the next one waits until this one is sent.
    return new PacedFetch(this.#j.tools, this.#j.pace, this.#rest.wake);
  }

  /** The host is down and has been probed in vain: what waits for it ends now rather than in hours, one attempt each. */
  async #giveUpHost(code: HostFailure): Promise<void> {
    const untried = new RequestError(code, 'The host did not answer any of several probes after growing pauses.', { next: 'never' });
    const end = (request: Request): Promise<void> | undefined =>
      isOnErrand(request) ? this.#robots.errands.giveUp(request, untried) : this.#j.sink.failed(request, untried);
    const waiting = [...this.#ready.splice(0), ...[...this.#retries.drain(), ...this.#robots.drain()].map((pending) => pending.request)];
    for (const request of waiting) await end(request);
    for (let request = await this.#takeNew(); request; request = await this.#takeNew()) await end(request);
  }

  #launch(task: () => Promise<void>): void {
    this.#running++;
    void task().then(this.#ended, this.#broke);
  }

  // Two functions for all tasks: thousands of them are under way at a time.
  readonly #ended = (): void => {
    this.#running--;
    this.#rest.wake();
  };

  readonly #broke = (error: unknown): void => {
    this.#failure ??= error;
    this.#ended();
  };

  #isDone(): boolean {
    return this.#ready.length === 0 && this.#retries.nextMs === Number.POSITIVE_INFINITY && this.#robots.isEmpty && this.#j.source.isEmpty;
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
    const robotsMs = this.#robots.nextMs(paceMs);
    // With as many waiting for robots.txt as may, only its arrival frees anything.
    if (this.#robots.isFull) return robotsMs;
    if (this.#ready.length > 0 || !source.isEmpty) return Math.min(robotsMs, paceMs);
    return Math.min(robotsMs, Math.max(this.#retries.nextMs, paceMs));
  }
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
