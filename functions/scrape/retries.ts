import type { LanePace } from '../fetch/lane-pace.ts';
import { fitsBudget, isRepeatable, retryDelayMs, spentMs } from '../fetch/retry-timing.ts';
import { RequestError, type Next } from '../job/errors.ts';
import type { Request, Tried } from '../job/request.ts';
import type { RequestOptions } from '../scraper/types.ts';
import type { Pending } from './slice-job.ts';
import type { Tools } from './tools.ts';

/** Attempts of a request whose host asks for pauses (429, 503): those waits are the host's wish, not the page's fault. */
const EXTRA_ATTEMPTS_LATER = 4;

/** Attempts that a failed request has left after its first, by what happens next with its code. */
export function furtherAttempts(next: Next, { retries }: Pick<RequestOptions, 'retries'>): number {
  if (next === 'never') return 0;
  return retries + (next === 'later' ? EXTRA_ATTEMPTS_LATER : 0);
}

/** A request without another attempt, and the failure that its error line tells of. */
export interface Final {
  readonly request: Request;
  readonly error: RequestError;
}

/** The beginning of an attempt. */
export interface Beginning {
  /** ms since the epoch. */
  readonly atMs: number;
  /** How long the lane had been paused until then. */
  readonly pausedMs: number;
}

/** Whether a failed request is tried again, and when: by its code, its attempts, and the time that all of them have together. */
export class Retries {
  readonly #options: Pick<RequestOptions, 'retries' | 'giveUpAfter'>;
  readonly #pace: LanePace;
  readonly #tools: Pick<Tools, 'now' | 'random'>;
  /** Those that wait out their back-off here, in the order of their times. */
  readonly #waiting: Pending[] = [];

  constructor(options: Pick<RequestOptions, 'retries' | 'giveUpAfter'>, pace: LanePace, tools: Pick<Tools, 'now' | 'random'>) {
    this.#options = options;
    this.#pace = pace;
    this.#tools = tools;
  }

  /** When the first of those that wait is due; Infinity where none does. */
  get nextMs(): number {
    return this.#waiting[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** An attempt begins now. */
  begin(): Beginning {
    const atMs = this.#tools.now();
    return { atMs, pausedMs: this.#pace.pausedMs(atMs) };
  }

  /**
   * Plans another attempt.
   *
   * @param began - the one that failed.
   * @returns undefined; or, where there is none, what the request ends with.
   */
  plan(request: Request, error: RequestError, began: Beginning): Final | undefined {
    const nowMs = this.#tools.now();
    // What robots.txt forbids was not fetched.
    const attempts = (request.attempts ?? 0) + (error.code === 'robots' && error.next === 'never' ? 0 : 1);
    const attempted: Request = { ...request, claimed: true, attempts };
    // Without an answer nobody knows whether a POST was done: sent again it might be done twice.
    const mayRepeat = error.status !== undefined || isRepeatable(request.method ?? 'GET');
    if (error.next === 'never' || attempts > furtherAttempts(error.next, this.#options) || !mayRepeat) return { request: attempted, error };
    const tried: Tried = {
      sinceMs: request.tried?.sinceMs ?? began.atMs,
      pausedMs: request.tried?.pausedMs ?? began.pausedMs,
      code: error.code,
      ...(error.status !== undefined && { status: error.status }),
    };
    const dueMs = nowMs + retryDelayMs(attempts, { random: this.#tools.random(), retryAfterMs: error.retryAfterMs });
    // Of the wait, what lies within the host's pause is the host's wish.
    const ownMs = Math.max(0, dueMs - Math.max(nowMs, this.#pace.pausedUntil));
    if (!fitsBudget(this.#spentMs(tried, nowMs) + ownMs, this.#options.giveUpAfter)) {
      const { code, message, status } = error;
      const why = `${message} (not tried again: ${this.#budgetText})`;
      return {
        request: attempted,
        error: new RequestError(code, why, { next: 'never', cause: error, ...(status !== undefined && { status }) }),
      };
    }
    const at = this.#waiting.findIndex((r) => r.dueMs > dueMs);
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, { request: { ...attempted, tried }, dueMs });
    return undefined;
  }

  /** @returns why no further attempt may begin now, where the request's time has passed while it waited. */
  overdue({ url, tried }: Request): RequestError | undefined {
    if (!tried || fitsBudget(this.#spentMs(tried, this.#tools.now()), this.#options.giveUpAfter)) return undefined;
    const { code, status } = tried;
    const message = `${url}: the last attempt ended with ${code}, and there is no further one: ${this.#budgetText}`;
    return new RequestError(code, message, { next: 'never', ...(status !== undefined && { status }) });
  }

  /** The next request whose time has come. */
  take(): Request | undefined {
    return this.nextMs > this.#tools.now() ? undefined : this.#waiting.shift()?.request;
  }

  /** All that wait; none does afterwards. */
  drain(): Pending[] {
    return this.#waiting.splice(0);
  }

  /** For another lane, whose pauses are others: what is spent of the time goes along. */
  forOtherLane(request: Request): Request {
    if (!request.tried) return request;
    const { pausedMs: _, ...tried } = request.tried;
    const nowMs = this.#tools.now();
    return { ...request, tried: { ...tried, sinceMs: nowMs - this.#spentMs(request.tried, nowMs) } };
  }

  #spentMs(tried: Tried, nowMs: number): number {
    return spentMs(tried, nowMs, this.#pace.pausedMs(nowMs));
  }

  get #budgetText(): string {
    return `the ${this.#options.giveUpAfter} ms of request.giveUpAfter are spent`;
  }
}
