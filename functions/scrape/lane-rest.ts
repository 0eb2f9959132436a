import type { IdleWatch } from './idle-watch.ts';

/** The rest of a lane between two things to do: woken early by what ends, and sent home where the whole invocation only waits. */
export class LaneRest {
  readonly #idle: IdleWatch;
  readonly #now: () => number;
  #wake: () => void = () => {};
  /** The invocation is better ended: what is to be waited for is waited for in the queue. */
  isSentHome = false;

  /** @param now - ms since the epoch. */
  constructor(idle: IdleWatch, now: () => number) {
    this.#idle = idle;
    this.#now = now;
  }

  begin(): void {
    this.#idle.enter();
  }

  end(): void {
    this.#idle.leave(this);
  }

  /** Ends the rest, if there is one. */
  readonly wake = (): void => this.#wake();

  /** @param hasWork - something is under way: the lane does not only wait. */
  async until(untilMs: number, hasWork: boolean): Promise<void> {
    if (!hasWork) {
      this.#idle.wait(this, untilMs, () => {
        this.isSentHome = true;
        this.#wake();
      });
    }
    const nowMs = this.#now();
    if (!this.isSentHome && untilMs > nowMs) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        // Beyond this bound setTimeout fires at once; the loop simply comes round again.
        if (Number.isFinite(untilMs)) timer = setTimeout(resolve, Math.min(untilMs - nowMs, 2 ** 31 - 1));
      });
      clearTimeout(timer);
      this.#wake = () => {};
    }
    this.#idle.resume(this);
  }
}
