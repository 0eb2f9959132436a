/** What a lane may do to its host. Times in ms. */
export interface PaceOptions {
  /** Requests in flight, at least 1. */
  readonly concurrency: number;
  /** Least time between two starts. */
  readonly delayMs: number;
  /** Place of this lane among those that share the host: what robots.txt declares is for all of them together. Absent: the only one. */
  readonly share?: { readonly lane: number; readonly lanes: number };
  /** Spread requests by measured latency; absent = true. */
  readonly adaptive?: boolean;
  /** A number in [0, 1): jitter. */
  readonly random: () => number;
}

/** What a lane remembers of its pace between invocations (JSON). Times in ms since the epoch. */
export interface PaceState {
  readonly lastStartMs: number;
  /** Time that had to pass after it. */
  readonly gapMs: number;
  readonly pausedUntilMs: number;
  /** All pauses that the lane has ever had, together, up to the end of the present one; absent = 0. */
  readonly pausedMs?: number;
  /** Pauses in a row that no success came between. */
  readonly pauses: number;
  /** Connection failures in a row. */
  readonly failures: number;
  /** Code of the last of them. */
  readonly failedWith?: HostFailure;
  /** Requests in flight allowed at present: small after a pause, back to normal with successes. */
  readonly window: number;
  readonly latencyMs: number;
}

/** How a request ended, as the host's pace sees it. */
export interface PaceObservation {
  /** From start to end. */
  readonly latencyMs: number;
  /** Part of it in which this process was busy with other things: no sign of a slow host. Absent = 0. */
  readonly busyMs?: number;
  readonly status?: number;
  /** Code of the failure, if it was one. */
  readonly code?: string;
  readonly retryAfterMs?: number;
}

/** Pause after a 429 or 503 that names no time: doubled with every further one. */
const THROTTLED_PAUSE_MS = 5_000;
/** Pause when a host is down, tripled with every further one: 10 s, 30 s, 90 s, 270 s, 810 s, then the most. */
const DOWN_PAUSE_MS = 10_000;
/** The longest pause of our own choosing: what SQS can delay a message by. */
const MAX_PAUSE_MS = 900_000;
/** The longest that a host can ask for. */
const MAX_ASKED_PAUSE_MS = 86_400_000;
/** Connection failures in a row, at least, that make a host count as down. */
const DOWN_FAILURES = 5;
/** Failed probes, each after a longer pause, after which nothing more is expected of a host for now. */
export const DOWN_PROBES = 3;
/** Part of a pause that jitter adds at most: a fleet must not come in step, and no wait may be shorter than asked. */
const JITTER = 0.25;
/** The same of a delay. Lanes that began together are apart after a few requests, and what is added is waited for on the bill. */
const DELAY_JITTER = 0.1;
/** Part that chance takes off the spread of a slow host: were all of it kept, the next start would often wait for it with a place free. */
const SPREAD_JITTER = 0.5;
/** A host that answers faster needs no spreading: its own speed shows that it bears the load. */
const FAST_MS = 250;
/** Upper bound on what latency adds between two starts. */
const MAX_ADAPTIVE_MS = 30_000;
/** A larger `crawl-delay` is a mistake more often than a wish, and would make most jobs pointless. */
export const MAX_CRAWL_DELAY_MS = 60_000;

/** Codes of failures in which the host did not answer. */
const HOST_FAILURES = ['connect', 'dns', 'timeout'] as const;
export type HostFailure = (typeof HOST_FAILURES)[number];
/** Failures that say nothing about the host. */
const NEUTRAL = new Set(['cancelled', 'proxy', 'blocked-address', 'bad-url', 'robots', 'internal']);

/**
 * The pace of one lane, as a state machine without clock or timers: the caller asks how long to wait, and tells what it starts and how that ends.
 * Concurrency and delay are never exceeded; everything else only slows down further:
 * - reactive: 429, 503 and Retry-After pause the host, and so do connection failures in a row, longer each time; after a pause one
 *   request goes ahead, and the number in flight grows again with each success;
 * - proactive: a slow host gets its requests evenly spread (latency ÷ concurrency), closer together while places stand empty, so that it
 *   costs next to no throughput; failures never bring it closer.
 */
export class LanePace {
  readonly #concurrency: number;
  readonly #delayMs: number;
  readonly #share: { readonly lane: number; readonly lanes: number };
  readonly #adaptive: boolean;
  readonly #random: () => number;
  #declaredMs = 0;
  #inFlight = 0;
  /** Of them, those whose connection is still being made. */
  #unsent = 0;
  #lastStartMs: number;
  #gapMs: number;
  #pausedUntilMs: number;
  #pausedMs: number;
  #pauses: number;
  #failures: number;
  #failedWith: HostFailure | undefined;
  #window: number;
  #latencyMs: number;
  /** When the present series of pauses last began one: what was in flight before does not count again. */
  #pausedAtMs = 0;

  /**
   * @throws {RangeError} if concurrency is below 1 or a time is negative or no number.
   */
  constructor(options: PaceOptions, state?: PaceState) {
    if (!(options.concurrency >= 1)) throw new RangeError(`concurrency must be at least 1, not ${options.concurrency}`);
    if (!(options.delayMs >= 0)) throw new RangeError(`delayMs must be at least 0, not ${options.delayMs}`);
    this.#concurrency = options.concurrency;
    this.#delayMs = options.delayMs;
    this.#share = options.share ?? { lane: 0, lanes: 1 };
    this.#adaptive = options.adaptive ?? true;
    this.#random = options.random;
    this.#lastStartMs = state?.lastStartMs ?? 0;
    // The last start may have been another job's, whose delay is not this one's: the longer one holds.
    this.#gapMs = Math.max(options.delayMs, state?.gapMs ?? 0);
    this.#pausedUntilMs = state?.pausedUntilMs ?? 0;
    this.#pausedMs = state?.pausedMs ?? 0;
    this.#pauses = state?.pauses ?? 0;
    this.#failures = state?.failures ?? 0;
    this.#failedWith = state?.failedWith;
    this.#window = Math.min(options.concurrency, state?.window ?? options.concurrency);
    this.#latencyMs = state?.latencyMs ?? 0;
  }

  /** End of the host's pause, ms since the epoch; 0 or a time gone by where there is none. */
  get pausedUntil(): number {
    return this.#pausedUntilMs;
  }

  /** What the host takes to answer at present; 0 = not known yet. */
  get latencyMs(): number {
    return this.#latencyMs;
  }

  /** How long the lane has been paused in all its time, until now: what lies between two readings passed at the host's wish. */
  pausedMs(nowMs: number): number {
    return this.#pausedMs - Math.max(0, this.#pausedUntilMs - nowMs);
  }

  /**
   * The host did not answer in {@link DOWN_PROBES} probes after growing pauses. Until the next probe is due ({@link pausedUntil}),
   * what waits for it can be given up at once, instead of each request finding out for itself.
   *
   * @returns the code of the last probe's failure; undefined where the host is not given up.
   */
  get deadOf(): HostFailure | undefined {
    return this.#pauses > DOWN_PROBES && this.#failures >= DOWN_FAILURES ? this.#failedWith : undefined;
  }

  /**
   * Takes up the `crawl-delay` of robots.txt: the larger of declared and configured holds, and of several origins the largest.
   *
   * @returns the delay that holds for this declaration: smaller than declared where {@link MAX_CRAWL_DELAY_MS} capped it.
   */
  declare(crawlDelayMs: number): number {
    const capped = Math.min(MAX_CRAWL_DELAY_MS, Math.max(0, crawlDelayMs));
    this.#declaredMs = Math.max(this.#declaredMs, capped);
    this.#gapMs = Math.max(this.#gapMs, capped);
    return capped;
  }

  /** Whether a time has to pass between two starts at present. */
  get isSpaced(): boolean {
    return this.#gapMs > 0;
  }

  /** @returns ms until the next request may start: 0 = now; Infinity while every place is taken. */
  waitMs(nowMs: number): number {
    if (this.#inFlight >= this.#window) return Number.POSITIVE_INFINITY;
    // Where starts are spaced, the next one waits until the last has a connection: several that had to wait for one would else go out
    // together once it is there.
    if (this.#unsent > 0 && this.#gapMs > 0) return Number.POSITIVE_INFINITY;
    // A last start in the future is another machine's clock; the gap itself is the longest wait that can be meant.
    const gapEndMs = Math.min(this.#lastStartMs, nowMs) + this.#gapMs;
    const waitMs = Math.max(0, gapEndMs - nowMs, this.#pausedUntilMs - nowMs);
    return waitMs + this.#turnMs(nowMs + waitMs);
  }

  /**
   * A request starts: call it only when {@link waitMs} is 0.
   *
   * @param isSent - false: its connection is still to be made, and {@link sent} or {@link ended} follows.
   */
  started(nowMs: number, isSent = true): void {
    this.#inFlight++;
    if (!isSent) this.#unsent++;
    this.#lastStartMs = nowMs;
    const chance = this.#random();
    const delayMs = Math.max(this.#delayMs, this.#declaredMs) * (1 + DELAY_JITTER * chance);
    this.#gapMs = Math.max(delayMs, this.#adaptiveMs() * (1 - SPREAD_JITTER * chance));
  }

  /**
   * A started request goes out to the host: from here the gap to the next one counts, since this is when the host hears of it.
   *
   * @param isFirst - false for what the same fetch sends after its first request: a redirect, a second try on a new connection.
   */
  sent(nowMs: number, isFirst = true): void {
    if (isFirst) this.#unsent = Math.max(0, this.#unsent - 1);
    this.#lastStartMs = nowMs;
  }

  /** A request that {@link started} ends, however it does. */
  ended(nowMs: number, observation: PaceObservation): void {
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    const { code, status, latencyMs, retryAfterMs } = observation;
    if (code !== undefined && NEUTRAL.has(code)) return;
    const startedMs = nowMs - latencyMs;
    const hostMs = Math.max(0, latencyMs - (observation.busyMs ?? 0));
    if (status === 429 || status === 503 || retryAfterMs !== undefined) {
      this.#failures = 0;
      this.#throttled(nowMs, startedMs, retryAfterMs);
    } else if (isHostFailure(code)) {
      this.#slower(hostMs);
      this.#failedWith = code;
      this.#unreachable(nowMs, startedMs);
    } else if (code === undefined || (status !== undefined && status < 500)) {
      // A 404 is an answer too: the host is well.
      if (code === undefined) this.#measured(hostMs);
      else this.#slower(hostMs);
      this.#well();
    } else {
      this.#slower(hostMs);
      this.#failures = 0;
    }
  }

  /** What the next invocation must know. */
  toState(): PaceState {
    return {
      lastStartMs: this.#lastStartMs,
      gapMs: Math.ceil(this.#gapMs),
      pausedUntilMs: this.#pausedUntilMs,
      ...(this.#pausedMs > 0 && { pausedMs: this.#pausedMs }),
      pauses: this.#pauses,
      failures: this.#failures,
      ...(this.#failedWith !== undefined && { failedWith: this.#failedWith }),
      window: this.#window,
      latencyMs: Math.round(this.#latencyMs),
    };
  }

  /**
   * Lanes of one host know nothing of each other, so each has a turn of its own by the clock to keep what robots.txt declares for the
   * host: turns begin a delay and a quarter apart, and a start is due within the first quarter of a delay.
   *
   * @returns ms from then until a start is due.
   */
  #turnMs(atMs: number): number {
    const { lane, lanes } = this.#share;
    if (lanes === 1 || this.#declaredMs === 0) return 0;
    const turnMs = this.#declaredMs * (1 + JITTER);
    const roundMs = turnMs * lanes;
    const sinceMs = (((atMs - turnMs * lane) % roundMs) + roundMs) % roundMs;
    return sinceMs < this.#declaredMs * JITTER ? 0 : Math.ceil(roundMs - sinceMs);
  }

  #throttled(nowMs: number, startedMs: number, retryAfterMs: number | undefined): void {
    if (startedMs >= this.#pausedAtMs) {
      this.#pauses++;
      this.#pausedAtMs = nowMs;
      this.#window = Math.max(1, Math.floor(this.#window / 2));
    }
    const ownMs = Math.min(MAX_PAUSE_MS, THROTTLED_PAUSE_MS * 2 ** Math.min(20, this.#pauses - 1));
    this.#pause(nowMs, retryAfterMs === undefined ? ownMs : Math.min(MAX_ASKED_PAUSE_MS, Math.max(0, retryAfterMs)));
  }

  #unreachable(nowMs: number, startedMs: number): void {
    if (startedMs < this.#pausedAtMs) return;
    this.#failures++;
    // After a pause a single probe decides: the host has been found down before.
    if (this.#failures < Math.max(DOWN_FAILURES, this.#concurrency)) return;
    this.#pauses++;
    this.#pausedAtMs = nowMs;
    this.#window = 1;
    this.#pause(nowMs, Math.min(MAX_PAUSE_MS, DOWN_PAUSE_MS * 3 ** Math.min(20, this.#pauses - 1)));
  }

  #well(): void {
    this.#failures = 0;
    this.#pauses = 0;
    this.#window = Math.min(this.#concurrency, this.#window + 1);
  }

  #pause(nowMs: number, ms: number): void {
    const until = nowMs + Math.round(ms * (1 + JITTER * this.#random()));
    this.#pausedMs += Math.max(0, until - Math.max(this.#pausedUntilMs, nowMs));
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, until);
  }

  #adaptiveMs(): number {
    if (!this.#adaptive || this.#latencyMs < FAST_MS) return 0;
    // With places free, at the beginning of a slice say, the spread would keep them empty: the more there are, the sooner one is taken.
    const free = Math.max(0, this.#window - this.#inFlight);
    return Math.min(MAX_ADAPTIVE_MS, this.#latencyMs / this.#concurrency / (1 + free));
  }

  #measured(latencyMs: number): void {
    this.#latencyMs = this.#latencyMs === 0 ? latencyMs : (this.#latencyMs + latencyMs) / 2;
  }

  /** A failure may be quick only because it failed: it never brings requests closer together. */
  #slower(latencyMs: number): void {
    if (latencyMs > this.#latencyMs) this.#measured(latencyMs);
  }
}

function isHostFailure(code: string | undefined): code is HostFailure {
  return (HOST_FAILURES as readonly (string | undefined)[]).includes(code);
}
