import { FunctionFailure } from './function-messages.ts';
import type { FunctionPool } from './function-pool.ts';
import type { OnProblem } from './problem.ts';

export interface ReportClockOptions {
  readonly pool: FunctionPool;
  readonly onProblem: OnProblem;
  /** Between ticks while functions are at work. */
  readonly activeMs: number;
  /** Between ticks while nothing happens: as often as on AWS. */
  readonly idleMs: number;
  /** After the last invocation has ended, where a next batch is about to be received. */
  readonly settleMs: number;
  /** Whether no message is left: then nothing follows the last invocation, and its tick is made at once. */
  readonly isQuiet: () => boolean;
}

/** Makes report's ticks: what an EventBridge rule does every minute on AWS. Ticks never overlap. */
export class ReportClock {
  readonly #o: ReportClockOptions;
  #invocations = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #ticking: Promise<void> | undefined;
  #lastTickMs = 0;
  /** An invocation has ended since the last tick began. */
  #isNews = false;
  #isStopped = false;

  constructor(options: ReportClockOptions) {
    this.#o = options;
  }

  /** The first tick comes after a while, or when the first invocations have ended: at a start all of a thread's time is theirs. */
  start(): void {
    this.#lastTickMs = Date.now();
    this.#plan(this.#o.activeMs);
  }

  invocationStarted(): void {
    this.#invocations++;
    this.#plan(this.#lastTickMs + this.#o.activeMs - Date.now());
  }

  invocationEnded(): void {
    this.#invocations--;
    this.#isNews = true;
    if (this.#invocations === 0) this.#plan(this.#settleMs());
  }

  /** One tick now, after the one under way if there is one. */
  async tick(): Promise<void> {
    await this.#ticking;
    await this.#begin();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#ticking;
  }

  #settleMs(): number {
    return this.#o.isQuiet() ? 0 : this.#o.settleMs;
  }

  /** A tick in so many ms, unless one is due sooner. */
  #plan(inMs: number): void {
    const dueMs = Date.now() + Math.max(0, inMs);
    if (this.#isStopped || dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#dueMs = Number.POSITIVE_INFINITY;
        void this.#begin();
      },
      Math.max(0, inMs),
    );
  }

  /** The tick under way, or one from now on. */
  #begin(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => {
      this.#ticking = undefined;
      if (this.#invocations > 0) this.#plan(this.#o.activeMs);
      else this.#plan(this.#isNews ? this.#settleMs() : this.#o.idleMs);
    });
    return this.#ticking;
  }

  async #tick(): Promise<void> {
    this.#lastTickMs = Date.now();
    this.#isNews = false;
    try {
      await this.#o.pool.invoke('report', { kind: 'tick' });
    } catch (error) {
      if (!(error instanceof FunctionFailure)) throw error;
      if (error.kind !== 'stopped') this.#o.onProblem({ kind: 'function', failure: error });
    }
  }
}
