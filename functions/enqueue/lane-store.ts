import { BlockArena, HEADER_BYTES } from './block-arena.ts';
import { LaneTable, type LaneRun } from './lane-table.ts';
import { copyBytes, decodeLine, encodeLine, MAX_OVERHEAD_BYTES, type Place } from './line-code.ts';

/** Longer first lines serve no others as a model. */
const MAX_MODEL_BYTES = 1_000;
/** What a lane costs beside its lines: object, map entry, name. */
const LANE_BYTES = 250;

/**
 * Gathers JSON lines by lane, as compactly as it can: requests of one host mostly share their beginning, their fields and often
 * their end, so each line is kept as what differs from the lane's first one. A typical URL takes 11 bytes instead of 65, which
 * means fewer and larger batches from the same memory.
 */
export class LaneStore {
  readonly #arena: BlockArena;
  readonly #table = new LaneTable();
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

  /** The same with the gaps that released lanes left. */
  get heldBytes(): number {
    return this.#arena.heldBytes + this.#table.size * LANE_BYTES;
  }

  /** In order of first appearance. */
  get lanes(): readonly LaneRun[] {
    return this.#table.lanes;
  }

  /** Lanes ever begun; one that was released begins anew. */
  get begun(): number {
    return this.#table.created;
  }

  /** The lane whose name is the text `bytes[start, end)`, begun if there is none. A new lane must get a line at once. */
  lane(bytes: Buffer, start: number, end: number): LaneRun {
    return this.#table.lane(bytes, start, end);
  }

  /** Appends the line `line[0, length)`. */
  append(lane: LaneRun, line: Uint8Array, length: number): void {
    if (lane.count === 0) this.#begin(lane, line, length);
    else this.#add(lane, line, length);
    lane.count++;
    lane.lineBytes += length;
  }

  /** Takes lanes out and gives their memory back. */
  release(lanes: readonly LaneRun[]): void {
    for (const lane of lanes) this.#arena.free(lane.first);
    this.#table.remove(new Set(lanes));
    if (this.#table.size === 0) this.#arena.reset();
  }

  /** Reads a lane's lines in order. */
  read(lane: LaneRun): LaneReader {
    return new LaneReader(this.#arena, lane);
  }

  #begin(lane: LaneRun, line: Uint8Array, length: number): void {
    const isModel = length <= MAX_MODEL_BYTES;
    // Room for a few more lines beside the first.
    lane.first = lane.last = this.#arena.allocate(isModel ? length + 40 : length + MAX_OVERHEAD_BYTES);
    lane.storedBytes = this.#arena.sizeOf(lane.first);
    lane.at = lane.first + HEADER_BYTES;
    if (!isModel) return this.#add(lane, line, length);
    lane.modelBytes = length;
    lane.at = copyBytes(line, 0, length, this.#arena.bytes, lane.at);
  }

  #add(lane: LaneRun, line: Uint8Array, length: number): void {
    const arena = this.#arena;
    const model = lane.first + HEADER_BYTES;
    const bytes = encodeLine(line, length, arena.bytes, model, model + lane.modelBytes, this.#code);
    if (lane.at + bytes > lane.last + arena.sizeOf(lane.last)) {
      // A quarter of what the lane has: large lanes get large blocks, and no lane holds much more than it needs.
      lane.last = arena.append(lane.last, lane.at, Math.max(bytes, Math.min(4_000, lane.storedBytes >> 2)));
      lane.at = lane.last + HEADER_BYTES;
      lane.storedBytes += arena.sizeOf(lane.last);
    }
    lane.at = copyBytes(this.#code, 0, bytes, arena.bytes, lane.at);
  }
}

/** Gives the lines of one lane back, one a call. */
export class LaneReader {
  readonly #arena: BlockArena;
  readonly #lane: LaneRun;
  readonly #place: Place = { at: 0, to: 0 };
  #block: number;
  #isFirst: boolean;
  left: number;

  constructor(arena: BlockArena, lane: LaneRun) {
    this.#arena = arena;
    this.#lane = lane;
    this.#block = lane.first;
    this.#place.at = lane.first + HEADER_BYTES + lane.modelBytes;
    this.#isFirst = lane.modelBytes > 0;
    this.left = lane.count;
  }

  /**
   * Writes the next line to `out` at `to`; there must be one left, and room for it.
   *
   * @returns its end in `out`.
   */
  next(out: Uint8Array, to: number): number {
    const { bytes } = this.#arena;
    const lane = this.#lane;
    const model = lane.first + HEADER_BYTES;
    this.left--;
    if (this.#isFirst) {
      this.#isFirst = false;
      return copyBytes(bytes, model, lane.modelBytes, out, to);
    }
    const place = this.#place;
    if (this.#block !== lane.last && place.at >= this.#arena.endOf(this.#block)) {
      this.#block = this.#arena.next(this.#block);
      place.at = this.#block + HEADER_BYTES;
    }
    place.to = to;
    decodeLine(bytes, bytes, model, model + lane.modelBytes, out, place);
    return place.to;
  }
}
