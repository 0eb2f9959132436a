import { KeyHash } from './key-hash.ts';

/** A table may be this full: at 0.8 a look-up meets 13 slots on average (Knuth, linear probing), at 0.9 fifty. */
const MAX_LOAD = 0.8;
const MIN_SLOTS = 1_024;
/** From here on a table grows eightfold, to its last size: the one before it then hardly counts in the peak. */
const LARGE_SLOTS = 1 << 20;

/** Requests that enqueue can tell apart at one time: a table of 64 MB. */
export const MAX_UNIQUE = 6_500_000;

/**
 * Tells new byte strings from known ones by their hashes in one flat table, without an object per key. Five million keys collide
 * with a probability of one in a million.
 */
export class UniqueSet {
  readonly #hash = new KeyHash();
  /** Two 32-bit halves per slot; both 0 = empty. */
  #slots = new Uint32Array(MIN_SLOTS * 2);
  #mask = MIN_SLOTS - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  clear(): void {
    if (this.#slots.length > MIN_SLOTS * 2) {
      this.#slots = new Uint32Array(MIN_SLOTS * 2);
      this.#mask = MIN_SLOTS - 1;
    } else this.#slots.fill(0);
    this.#size = 0;
  }

  /**
   * Adds the key `bytes[start, end)`.
   *
   * @param isClosed - only looks whether it is known.
   * @returns whether it is new.
   */
  add(bytes: Uint8Array, start: number, end: number, isClosed = false): boolean {
    const hash = this.#hash;
    hash.of(bytes, start, end);
    return this.#insert(hash.low, hash.high, isClosed);
  }

  #insert(low: number, high: number, isClosed: boolean): boolean {
    const slots = this.#slots;
    let at = (low & this.#mask) * 2;
    for (;;) {
      const slotLow = slots[at];
      const slotHigh = slots[at + 1];
      if (slotLow === low && slotHigh === high) return false;
      if (slotLow === 0 && slotHigh === 0) break;
      at = (at + 2) & (slots.length - 1);
    }
    if (isClosed) return true;
    slots[at] = low;
    slots[at + 1] = high;
    if (++this.#size > (this.#mask + 1) * MAX_LOAD) this.#grow();
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = this.#mask + 1;
    this.#slots = new Uint32Array(slots * 2 * (slots === LARGE_SLOTS ? 8 : 2));
    this.#mask = this.#slots.length / 2 - 1;
    this.#size = 0;
    for (let at = 0; at < old.length; at += 2) {
      const low = old[at] ?? 0;
      const high = old[at + 1] ?? 0;
      if (low !== 0 || high !== 0) this.#insert(low, high, false);
    }
  }
}
