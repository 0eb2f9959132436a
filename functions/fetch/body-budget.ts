/** Somebody who gathers a body, and can stop and go on. */
export interface BodyHolder {
  pause(): void;
  resume(): void;
}

interface Holding {
  bytes: number;
  paused: boolean;
}

/**
 * Bounds the bytes of unfinished bodies that a process holds together: hundreds of large pages at once must not take hundreds of times
 * their limit in memory. Whoever would pass the bound stops reading, and its server waits; the oldest always goes on, so that
 * all get done.
 */
export class BodyBudget {
  readonly #maxBytes: number;
  /** In the order in which they began. */
  readonly #holders = new Map<BodyHolder, Holding>();
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The holder has got so many more bytes; it is paused if that is more than there is room for. */
  add(holder: BodyHolder, bytes: number): void {
    let holding = this.#holders.get(holder);
    if (!holding) this.#holders.set(holder, (holding = { bytes: 0, paused: false }));
    holding.bytes += bytes;
    this.#heldBytes += bytes;
    if (this.#heldBytes <= this.#maxBytes || holding.paused || this.#oldest() === holder) return;
    holding.paused = true;
    holder.pause();
  }

  /** The holder is done with its body, one way or another. */
  release(holder: BodyHolder): void {
    const holding = this.#holders.get(holder);
    if (!holding) return;
    this.#holders.delete(holder);
    this.#heldBytes -= holding.bytes;
    for (const [next, { paused }] of this.#holders) {
      if (next !== this.#oldest() && this.#heldBytes > this.#maxBytes) return;
      if (paused) this.#goOn(next);
    }
  }

  #goOn(holder: BodyHolder): void {
    const holding = this.#holders.get(holder);
    if (!holding) return;
    holding.paused = false;
    // Not from inside another body's parser, which is where a release may come from: undici parses one at a time.
    setImmediate(() => holder.resume());
  }

  #oldest(): BodyHolder | undefined {
    return this.#holders.keys().next().value;
  }
}
