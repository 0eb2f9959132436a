/**
 * Knows whether an invocation has anything to do. Lanes that only wait (a delay, a pause of the host) give the invocation
 * back once all of them would wait longer than `maxWaitMs` for each of them: the wait is then spent in the queue, not on the bill. For
 * each, since each lane that goes by way of the queue costs messages and objects of its own, and the wait is paid for once.
 */
export class IdleWatch {
  readonly #maxWaitMs: number;
  readonly #now: () => number;
  /** Lanes at work or waiting. */
  #lanes = 0;
  /** Waiting lanes: when each would go on by itself, and how to send it home. */
  readonly #waiting = new Map<object, { readonly untilMs: number; readonly giveBack: () => void }>();

  constructor(maxWaitMs: number, now: () => number) {
    this.#maxWaitMs = maxWaitMs;
    this.#now = now;
  }

  enter(): void {
    this.#lanes++;
  }

  leave(lane: object): void {
    this.#lanes--;
    this.#waiting.delete(lane);
    this.#check();
  }

  /** A lane has nothing in flight and nothing to start before `untilMs`. */
  wait(lane: object, untilMs: number, giveBack: () => void): void {
    this.#waiting.set(lane, { untilMs, giveBack });
    this.#check();
  }

  resume(lane: object): void {
    this.#waiting.delete(lane);
  }

  #check(): void {
    if (this.#waiting.size === 0 || this.#waiting.size < this.#lanes) return;
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const { untilMs } of this.#waiting.values()) soonestMs = Math.min(soonestMs, untilMs);
    if (soonestMs - this.#now() <= this.#maxWaitMs * this.#waiting.size) return;
    for (const { giveBack } of this.#waiting.values()) giveBack();
  }
}
