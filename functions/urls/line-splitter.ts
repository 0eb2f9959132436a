import { MAX_LINE_BYTES } from './types.ts';

const [LF, CR] = [10, 13] as const;
/** Enough of an overlong line to recognise it by. */
const HEAD_BYTES = 200;

export interface LineSink {
  /** A line without its end (LF or CR LF), valid during the call only. */
  line(bytes: Buffer, start: number, end: number, line: number): void;
  /** A line over {@link MAX_LINE_BYTES}, by its first bytes. */
  tooLong(head: Buffer, line: number): void;
}

/** Cuts blocks into lines. Holds one unfinished line at most, however long the line really is. */
export class LineSplitter {
  readonly #sink: LineSink;
  readonly #carry = Buffer.allocUnsafe(MAX_LINE_BYTES);
  #carried = 0;
  /** In the middle of a line that is too long and already reported. */
  #isSkipping = false;
  #line = 1;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  get current(): number {
    return this.#line;
  }

  write(block: Buffer): void {
    let at = 0;
    if (this.#carried > 0 || this.#isSkipping) {
      const end = block.indexOf(LF);
      this.#keep(block, 0, end < 0 ? block.length : end);
      if (end < 0) return;
      this.#finish();
      at = end + 1;
    }
    for (;;) {
      const end = block.indexOf(LF, at);
      if (end < 0) break;
      this.#emit(block, at, end);
      at = end + 1;
    }
    this.#keep(block, at, block.length);
  }

  /** The last line needs no newline. */
  end(): void {
    if (this.#carried > 0 || this.#isSkipping) this.#finish();
  }

  #keep(block: Buffer, start: number, end: number): void {
    if (this.#isSkipping) return;
    if (this.#carried + end - start > MAX_LINE_BYTES) {
      this.#sink.tooLong(
        Buffer.concat([this.#carry.subarray(0, this.#carried), block.subarray(start, end)]).subarray(0, HEAD_BYTES),
        this.#line,
      );
      this.#carried = 0;
      this.#isSkipping = true;
      return;
    }
    this.#carried += block.copy(this.#carry, this.#carried, start, end);
  }

  #finish(): void {
    const length = this.#carried;
    this.#carried = 0;
    if (this.#isSkipping) this.#line++;
    else this.#emit(this.#carry, 0, length);
    this.#isSkipping = false;
  }

  #emit(bytes: Buffer, start: number, end: number): void {
    const line = this.#line++;
    if (end - start > MAX_LINE_BYTES) this.#sink.tooLong(bytes.subarray(start, start + HEAD_BYTES), line);
    else this.#sink.line(bytes, start, end > start && bytes[end - 1] === CR ? end - 1 : end, line);
  }
}
