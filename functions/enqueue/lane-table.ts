import { KeyHash } from './key-hash.ts';

/** The lines of one lane that wait for their segment or message. */
export interface LaneRun {
  readonly name: string;
  /** Hash of the name. */
  readonly low: number;
  readonly high: number;
  /** Lines. */
  count: number;
  /** Bytes of all lines, without separators. */
  lineBytes: number;
  /** Bytes of the arena. */
  storedBytes: number;
  /** First and last block, and the place in the last one to write at. */
  first: number;
  last: number;
  at: number;
  /** The first line, kept whole behind the header of the first block; 0 if it was too long for that. */
  modelBytes: number;
}

/** Finds lanes by the bytes of their names where those lie, since building a string for each URL costs more than all the rest. */
export class LaneTable {
  readonly #hash = new KeyHash();
  /** In order of first appearance. */
  #lanes: LaneRun[] = [];
  /** Place in `#lanes` plus one; 0 = empty. At most half full. */
  #slots = new Uint32Array(1_024);
  /** Lanes ever made. */
  created = 0;

  get size(): number {
    return this.#lanes.length;
  }

  get lanes(): readonly LaneRun[] {
    return this.#lanes;
  }

  /** The lane whose name is the text `bytes[start, end)`, made anew if there is none. */
  lane(bytes: Buffer, start: number, end: number): LaneRun {
    const hash = this.#hash;
    hash.of(bytes, start, end, 0);
    const slots = this.#slots;
    let slot = hash.low & (slots.length - 1);
    for (;;) {
      const place = slots[slot] ?? 0;
      if (place === 0) break;
      const lane = this.#lanes[place - 1];
      // 64 bits stand for the name: a million hosts are confused with a probability of one in a hundred million.
      if (lane?.low === hash.low && lane.high === hash.high) return lane;
      slot = (slot + 1) & (slots.length - 1);
    }
    const lane: LaneRun = {
      name: bytes.toString('utf8', start, end),
      low: hash.low,
      high: hash.high,
      count: 0,
      lineBytes: 0,
      storedBytes: 0,
      first: 0,
      last: 0,
      at: 0,
      modelBytes: 0,
    };
    this.created++;
    this.#lanes.push(lane);
    slots[slot] = this.#lanes.length;
    if (this.#lanes.length * 2 > slots.length) this.#rebuild(slots.length * 2);
    return lane;
  }

  remove(lanes: ReadonlySet<LaneRun>): void {
    this.#lanes = this.#lanes.filter((lane) => !lanes.has(lane));
    this.#rebuild(this.#slots.length);
  }

  #rebuild(size: number): void {
    const slots = new Uint32Array(size);
    for (const [i, lane] of this.#lanes.entries()) {
      let slot = lane.low & (size - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (size - 1);
      slots[slot] = i + 1;
    }
    this.#slots = slots;
  }
}
