import { copyBytes, decodeLine, type Place } from './line-code.ts';

/**
 * A record: lines of one lane as they are held and spilled. Little-endian: code bytes (32 bits), the lane's hash (2 × 32), name
 * bytes (16), model bytes (15) with a top bit that says whether the model is a line itself (16); then name, model, code.
 */
export const RECORD_HEADER_BYTES = 16;
/** A lane with more takes several records, so that readers need little memory however large a lane is. */
export const MAX_RECORD_BYTES = 256 * 1024;

export interface RecordHeader {
  readonly codeBytes: number;
  readonly low: number;
  readonly high: number;
  readonly nameBytes: number;
  readonly modelBytes: number;
  readonly isLine: boolean;
}

export function writeRecordHeader(out: Buffer, at: number, header: RecordHeader): void {
  out.writeUInt32LE(header.codeBytes, at);
  out.writeUInt32LE(header.low, at + 4);
  out.writeUInt32LE(header.high, at + 8);
  out.writeUInt16LE(header.nameBytes, at + 12);
  out.writeUInt16LE(header.modelBytes | (header.isLine ? 0x8000 : 0), at + 14);
}

/** Reads records one after the other from chunks cut anywhere. */
export class RecordReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  readonly #place: Place = { at: 0, to: 0 };
  #model = 0;
  #modelEnd = 0;
  #codeEnd = 0;
  #isModelNext = false;
  /** The record's lane. */
  name = '';
  low = 0;
  high = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * Goes on to the next record; what is left of this one is passed over.
   *
   * @returns whether there is one.
   * @throws {Error} if the bytes end inside a record.
   */
  async advance(): Promise<boolean> {
    this.#at = this.#codeEnd;
    if (!(await this.#have(RECORD_HEADER_BYTES))) return false;
    const bytes = this.#bytes;
    const codeBytes = bytes.readUInt32LE(this.#at);
    const nameBytes = bytes.readUInt16LE(this.#at + 12);
    const modelBytes = bytes.readUInt16LE(this.#at + 14) & 0x7fff;
    this.low = bytes.readUInt32LE(this.#at + 4);
    this.high = bytes.readUInt32LE(this.#at + 8);
    this.#isModelNext = (bytes.readUInt16LE(this.#at + 14) & 0x8000) !== 0;
    if (!(await this.#have(RECORD_HEADER_BYTES + nameBytes + modelBytes + codeBytes))) throw new Error('A spill is cut short.');
    const name = this.#at + RECORD_HEADER_BYTES;
    this.#model = name + nameBytes;
    this.#modelEnd = this.#model + modelBytes;
    this.#place.at = this.#modelEnd;
    this.#codeEnd = this.#modelEnd + codeBytes;
    this.name = this.#bytes.toString('utf8', name, this.#model);
    return true;
  }

  get hasLine(): boolean {
    return this.#isModelNext || this.#place.at < this.#codeEnd;
  }

  /**
   * Writes the record's next line to `out` at `to`; there must be one, and room for it.
   *
   * @returns its end in `out`.
   */
  line(out: Uint8Array, to: number): number {
    if (this.#isModelNext) {
      this.#isModelNext = false;
      return copyBytes(this.#bytes, this.#model, this.#modelEnd - this.#model, out, to);
    }
    const place = this.#place;
    place.to = to;
    decodeLine(this.#bytes, this.#bytes, this.#model, this.#modelEnd, out, place);
    return place.to;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Makes sure of `count` bytes from the current place on; moves what is there to the front of a new buffer. */
  async #have(count: number): Promise<boolean> {
    if (this.#bytes.length - this.#at >= count) return true;
    const parts: Uint8Array[] = [this.#bytes.subarray(this.#at)];
    let bytes = this.#bytes.length - this.#at;
    while (bytes < count) {
      const next = await this.#chunks.next();
      if (next.done) {
        if (bytes > 0) throw new Error('A spill is cut short.');
        return false;
      }
      parts.push(next.value);
      bytes += next.value.length;
    }
    this.#bytes = Buffer.concat(parts);
    this.#at = 0;
    return true;
  }
}
