import { BlockArena, HEADER_BYTES } from './block-arena.ts';
import { MAX_RECORD_BYTES, RECORD_HEADER_BYTES, writeRecordHeader } from './lane-record.ts';
import * as field from './lane-table.ts';
import { copyBytes, encodeLine, MAX_OVERHEAD_BYTES } from './line-code.ts';

/** Longer first lines serve no others as a model. */
const MAX_MODEL_BYTES = 1_000;
/** Words and slots of a lane. */
const LANE_BYTES = field.LANE_WORDS * 4 + 16;
const CHUNK_BYTES = 256 * 1024;

/**
 * Gathers JSON lines by lane, as compactly as it can: requests of one host mostly share their beginning, their fields and often
 * their end, so each line is kept as what differs from the lane's first one. A typical URL takes 12 to 25 bytes instead of 65.
 */
export class LaneStore {
  readonly #arena: BlockArena;
  readonly #table = new field.LaneTable();
  readonly #code: Uint8Array;

  /**
   * @param expectedBytes - room to begin with; memory is touched only as lines come in.
   * @param maxLineBytes - bytes of the longest line.
   */
  constructor(expectedBytes: number, maxLineBytes: number) {
    this.#arena = new BlockArena(expectedBytes);
    this.#code = new Uint8Array(maxLineBytes + MAX_OVERHEAD_BYTES);
  }

  /** Memory in use, that of the lanes themselves included. */
  get usedBytes(): number {
    return this.#arena.usedBytes + this.#table.size * LANE_BYTES;
  }

  get laneCount(): number {
    return this.#table.size;
  }

  /** Appends the line `line[0, length)` to the lane whose name is the text `name[start, end)`. */
  append(name: Uint8Array, start: number, end: number, line: Uint8Array, length: number): void {
    const at = this.#table.lane(name, start, end) * field.LANE_WORDS;
    const lane = this.#table.words;
    const count = lane[at + field.COUNT] ?? 0;
    lane[at + field.COUNT] = count + 1;
    if (count > 0) {
      this.#add(lane, at, line, length);
      return;
    }
    const arena = this.#arena;
    const nameBytes = end - start;
    const isModel = length <= MAX_MODEL_BYTES;
    // Room for a few more lines beside the first.
    const block = arena.allocate(nameBytes + (isModel ? length + 40 : length + MAX_OVERHEAD_BYTES));
    lane[at + field.FIRST] = block;
    lane[at + field.LAST] = block;
    lane[at + field.END] = arena.end;
    lane[at + field.STORED] = arena.end - block;
    lane[at + field.NAME_BYTES] = nameBytes;
    lane[at + field.MODEL_BYTES] = isModel ? length : 0;
    const model = copyBytes(name, start, nameBytes, arena.bytes, block + HEADER_BYTES);
    lane[at + field.AT] = isModel ? copyBytes(line, 0, length, arena.bytes, model) : model;
    if (!isModel) this.#add(lane, at, line, length);
  }

  clear(): void {
    this.#table.clear();
    this.#arena.reset();
  }

  /** Lanes with more than this many lines, by name. */
  *largerThan(count: number): Generator<readonly [name: string, count: number]> {
    const lane = this.#table.words;
    for (let at = 0; at < this.#table.size * field.LANE_WORDS; at += field.LANE_WORDS) {
      const lines = lane[at + field.COUNT] ?? 0;
      if (lines > count) yield [this.#name(at).toString('utf8'), lines];
    }
  }

  /**
   * All lanes as records (`lane-record.ts`), by hash of their names: the same lines give the same bytes.
   */
  *records(): Generator<Buffer> {
    const lane = this.#table.words;
    const { bytes } = this.#arena;
    const out = Buffer.allocUnsafe(CHUNK_BYTES + MAX_RECORD_BYTES);
    let end = 0;
    for (const number of this.#sorted()) {
      const at = number * field.LANE_WORDS;
      const [low = 0, high = 0] = [lane[at + field.LOW], lane[at + field.HIGH]];
      const [modelBytes = 0, last = 0] = [lane[at + field.MODEL_BYTES], lane[at + field.LAST]];
      const name = this.#name(at);
      let block = lane[at + field.FIRST] ?? 0;
      const model = block + HEADER_BYTES + name.length;
      let from = model + modelBytes;
      for (let isLine = modelBytes > 0; block !== 0; isLine = false) {
        const header = end;
        const code = copyBytes(name, 0, name.length, out, header + RECORD_HEADER_BYTES);
        end = copyBytes(bytes, model, modelBytes, out, code);
        while (block !== 0) {
          const isLast = block === last;
          const stop = isLast ? (lane[at + field.AT] ?? 0) : this.#arena.endOf(block);
          if (end > code + modelBytes && end - header + stop - from > MAX_RECORD_BYTES) break;
          end = copyBytes(bytes, from, stop - from, out, end);
          block = isLast ? 0 : this.#arena.next(block);
          from = block + HEADER_BYTES;
        }
        const codeBytes = end - code - modelBytes;
        writeRecordHeader(out, header, { codeBytes, low, high, nameBytes: name.length, modelBytes, isLine });
        if (end < CHUNK_BYTES) continue;
        yield Buffer.from(out.subarray(0, end));
        end = 0;
      }
    }
    if (end > 0) yield out.subarray(0, end);
  }

  #name(at: number): Buffer {
    const lane = this.#table.words;
    const start = (lane[at + field.FIRST] ?? 0) + HEADER_BYTES;
    return Buffer.from(this.#arena.bytes.buffer, start, lane[at + field.NAME_BYTES] ?? 0);
  }

  /** Numbers of the lanes by the hashes of their names. */
  #sorted(): Uint32Array {
    const lane = this.#table.words;
    const word = (number: number, which: number) => lane[number * field.LANE_WORDS + which] ?? 0;
    const numbers = Uint32Array.from({ length: this.#table.size }, (_, number) => number);
    return numbers.toSorted((a, b) => word(a, field.LOW) - word(b, field.LOW) || word(a, field.HIGH) - word(b, field.HIGH));
  }

  /** Adds a line to the lane whose words begin at `at` of `lane`. */
  #add(lane: Uint32Array, at: number, line: Uint8Array, length: number): void {
    const arena = this.#arena;
    const model = (lane[at + field.FIRST] ?? 0) + HEADER_BYTES + (lane[at + field.NAME_BYTES] ?? 0);
    const bytes = encodeLine(line, length, arena.bytes, model, model + (lane[at + field.MODEL_BYTES] ?? 0), this.#code);
    let to = lane[at + field.AT] ?? 0;
    if (to + bytes > (lane[at + field.END] ?? 0)) {
      // A quarter of what the lane has: large lanes get large blocks, and no lane holds much more than it needs.
      const stored = lane[at + field.STORED] ?? 0;
      const block = arena.append(lane[at + field.LAST] ?? 0, to, Math.max(bytes, Math.min(4_000, stored >> 2)));
      lane[at + field.LAST] = block;
      lane[at + field.END] = arena.end;
      lane[at + field.STORED] = stored + arena.end - block;
      to = block + HEADER_BYTES;
    }
    lane[at + field.AT] = copyBytes(this.#code, 0, bytes, arena.bytes, to);
  }
}
