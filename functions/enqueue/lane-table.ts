import { KeyHash } from './key-hash.ts';

/** Words of one lane, 32 bits each; 64 bytes, so that a lane is one line of the processor's cache. */
export const LANE_WORDS = 16;
/** Hash of the name: the order in which lanes are sent. */
export const LOW = 0;
export const HIGH = 1;
/** Lines. */
export const COUNT = 2;
/** Bytes in the arena. */
export const STORED = 3;
/** Address of the first block and of the last; in the last one, the place to write at, and its end. */
export const FIRST = 4;
export const LAST = 5;
export const AT = 6;
export const END = 7;
/** Bytes of the first line, which is kept whole at the beginning of the first block; 0 if it was too long for that. */
export const MODEL_BYTES = 8;
/** Bytes of the name, which stands at the end of the first block's header. */
export const NAME_BYTES = 9;

/**
 * Finds lanes by the bytes of their names where those lie. Lanes are numbers and their fields words in one array: millions of them
 * are no work for the garbage collector, and no string is built for a URL.
 */
export class LaneTable {
  readonly #hash = new KeyHash();
  words = new Uint32Array(1_024 * LANE_WORDS);
  /** A lane's number plus one; 0 = empty. At most half full. */
  #slots = new Uint32Array(1_024);
  size = 0;

  /** The number of the lane whose name is `bytes[start, end)`; a new one, with all its words but the hash 0, if it is not known. */
  lane(bytes: Uint8Array, start: number, end: number): number {
    const { low, high } = this.#hash.of(bytes, start, end);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = low & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const lane = (slots[slot] ?? 0) - 1;
      // 64 bits stand for the name: a million hosts are confused with a probability of one in thirty million.
      if (this.words[lane * LANE_WORDS + LOW] === low && this.words[lane * LANE_WORDS + HIGH] === high) return lane;
    }
    const lane = this.size++;
    slots[slot] = this.size;
    if (this.size * LANE_WORDS > this.words.length) this.#growWords();
    const at = lane * LANE_WORDS;
    this.words.fill(0, at, at + LANE_WORDS);
    this.words[at + LOW] = low;
    this.words[at + HIGH] = high;
    if (this.size * 2 > slots.length) this.#growSlots();
    return lane;
  }

  clear(): void {
    this.size = 0;
    this.#slots.fill(0);
  }

  #growWords(): void {
    const words = new Uint32Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let lane = 0; lane < this.size; lane++) {
      let slot = (this.words[lane * LANE_WORDS + LOW] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = lane + 1;
    }
    this.#slots = slots;
  }
}
