import { FunctionFailure } from './function-messages.ts';
import type { FunctionPool } from './function-pool.ts';
import type { OnProblem } from './problem.ts';
import { nextFiring } from './schedule-times.ts';

/** Longest wait of one timer: setTimeout takes 31 bits of ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface ScheduleSourceOptions {
  /** By scraper. */
  readonly schedules: Readonly<Record<string, string>>;
  readonly pool: FunctionPool;
  readonly onProblem: OnProblem;
  readonly onStart: () => void;
  readonly onEnd: () => void;
}

/** Fires the schedules of the scrapers: what EventBridge Scheduler does on AWS, while the local cloud is up. */
export class ScheduleSource {
  readonly #o: ScheduleSourceOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: ScheduleSourceOptions) {
    this.#o = options;
  }

  /** @throws {UsageError} code `bad-schedule`. */
  start(): void {
    const now = new Date();
    for (const [scraper, schedule] of Object.entries(this.#o.schedules)) this.#plan(scraper, schedule, now);
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#running);
  }

  #plan(scraper: string, schedule: string, from: Date): void {
    const at = nextFiring(schedule, from);
    if (!at) return;
    const inMs = at.getTime() - Date.now();
    const timer = setTimeout(
      () => {
        if (inMs > MAX_TIMER_MS) {
          this.#plan(scraper, schedule, from);
          return;
        }
        this.#fire(scraper, at);
        this.#plan(scraper, schedule, at);
      },
      Math.min(MAX_TIMER_MS, Math.max(0, inMs)),
    );
    this.#timers.set(scraper, timer);
  }

  #fire(scraper: string, at: Date): void {
    this.#o.onStart();
    // The planned time names the job, as on AWS (infra/cloud/schedules.ts), to the second.
    const event = { kind: 'schedule', scraper, at: `${at.toISOString().slice(0, 19)}Z` };
    const run = this.#o.pool
      .invoke('enqueue', event)
      .then(() => undefined)
      .catch((error: unknown) => {
        if (!(error instanceof FunctionFailure)) throw error;
        if (error.kind !== 'stopped') this.#o.onProblem({ kind: 'function', failure: error });
      })
      .finally(() => {
        this.#running.delete(run);
        this.#o.onEnd();
      });
    this.#running.add(run);
  }
}
