import { MAX_LINE_BYTES } from './types.ts';

const [LF, CR, QUOTE] = [10, 13, 34] as const;
const HEAD_BYTES = 200;
/** The bytes end outside quotes, or inside. */
const [UNFINISHED, OPEN] = [-1, -2] as const;

export interface RecordSink {
  /** A record without a quote: one line, without its end. */
  plain(bytes: Buffer, start: number, end: number, line: number): void;
  /** Whole records one behind the other, each with its line end, at least one of them with a quote. */
  quoted(bytes: Buffer, starts: readonly number[], end: number, lines: readonly number[]): void;
  /** A line whose record never ends; what follows it is read as if it were not there. */
  openQuote(bytes: Buffer, start: number, end: number, line: number): void;
  tooLong(head: Buffer, line: number): void;
}

/**
 * Finds where CSV records end: at a line end outside quotes, where only a quote at the beginning of a field opens one
 * (RFC 4180, section 2). Blank lines are skipped. Holds one unfinished record at most.
 */
export class CsvRecords {
  readonly #sink: RecordSink;
  readonly #delimiter: number;
  #carry: Buffer = Buffer.alloc(0);
  #line = 1;
  /** In the middle of a line that is too long and already reported. */
  #isSkipping = false;

  constructor(delimiter: string, sink: RecordSink) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#sink = sink;
  }

  get line(): number {
    return this.#line;
  }

  write(block: Buffer): void {
    this.#read(this.#carry.length > 0 ? Buffer.concat([this.#carry, block]) : block, false);
  }

  end(): void {
    this.#read(this.#carry, true);
  }

  #read(bytes: Buffer, isLast: boolean): void {
    let at = 0;
    if (this.#isSkipping) {
      at = this.#skipLine(bytes, 0);
      if (at < 0) return;
    }
    const firstQuote = bytes.indexOf(QUOTE, at);
    at = firstQuote < 0 ? this.#plainLines(bytes, at, isLast) : this.#records(bytes, at, isLast);
    // A copy: the block is its owner's again after this call.
    this.#carry = at < bytes.length ? Buffer.from(bytes.subarray(at)) : Buffer.alloc(0);
    if (this.#carry.length > MAX_LINE_BYTES) this.#giveUp();
  }

  /** @returns where the unfinished line begins. */
  #plainLines(bytes: Buffer, start: number, isLast: boolean): number {
    let at = start;
    while (at < bytes.length) {
      const newline = bytes.indexOf(LF, at);
      if (newline < 0 && !isLast) return at;
      const end = newline < 0 ? bytes.length : newline;
      this.#emitPlain(bytes, at, end);
      at = end + 1;
    }
    return bytes.length;
  }

  /** @returns where the unfinished record begins. */
  #records(bytes: Buffer, start: number, isLast: boolean): number {
    let starts: number[] = [];
    let lines: number[] = [];
    let at = start;
    const flush = (end: number): void => {
      if (starts.length > 0) this.#sink.quoted(bytes, starts, end, lines);
      starts = [];
      lines = [];
    };
    while (at < bytes.length) {
      const end = recordEnd(bytes, at, this.#delimiter);
      if (end < 0 && !isLast) break;
      if (end === OPEN) {
        flush(at);
        at = this.#dropLine(bytes, at);
        continue;
      }
      const stop = end < 0 ? bytes.length : end;
      if (isBlank(bytes, at, stop) || stop - at > MAX_LINE_BYTES) {
        flush(at);
        if (!isBlank(bytes, at, stop)) this.#sink.tooLong(bytes.subarray(at, at + HEAD_BYTES), this.#line);
      } else {
        starts.push(at);
        lines.push(this.#line);
      }
      this.#line += newlines(bytes, at, stop);
      at = stop;
    }
    flush(at);
    return at;
  }

  #emitPlain(bytes: Buffer, start: number, end: number): void {
    const stop = end > start && bytes[end - 1] === CR ? end - 1 : end;
    if (stop - start > MAX_LINE_BYTES) this.#sink.tooLong(bytes.subarray(start, start + HEAD_BYTES), this.#line);
    else if (stop > start) this.#sink.plain(bytes, start, stop, this.#line);
    this.#line++;
  }

  /** The unfinished record is over its limit: an open quote costs its line, a long line is skipped to its end. */
  #giveUp(): void {
    const bytes = this.#carry;
    this.#carry = Buffer.alloc(0);
    if (bytes.includes(LF)) {
      this.#read(bytes.subarray(this.#dropLine(bytes, 0)), false);
      return;
    }
    this.#sink.tooLong(bytes.subarray(0, HEAD_BYTES), this.#line);
    this.#isSkipping = true;
  }

  #dropLine(bytes: Buffer, start: number): number {
    const newline = bytes.indexOf(LF, start);
    const end = newline < 0 ? bytes.length : newline;
    this.#sink.openQuote(bytes, start, end, this.#line++);
    return Math.min(end + 1, bytes.length);
  }

  #skipLine(bytes: Buffer, start: number): number {
    const newline = bytes.indexOf(LF, start);
    if (newline < 0) return -1;
    this.#isSkipping = false;
    this.#line++;
    return newline + 1;
  }
}

/** The end of the record that begins at `start`, behind its LF; or why there is none. */
function recordEnd(bytes: Buffer, start: number, delimiter: number): number {
  let isQuoted = false;
  let isFieldStart = true;
  for (let at = start; at < bytes.length; at++) {
    const c = bytes[at];
    if (isQuoted) {
      if (c !== QUOTE) continue;
      if (bytes[at + 1] === QUOTE) at++;
      else isQuoted = false;
    } else if (c === LF) return at + 1;
    else if (c === QUOTE && isFieldStart) {
      isQuoted = true;
      isFieldStart = false;
    } else isFieldStart = c === delimiter;
  }
  return isQuoted ? OPEN : UNFINISHED;
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== LF && bytes[at] !== CR) return false;
  return true;
}

function newlines(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LF, start); at >= 0 && at < end; at = bytes.indexOf(LF, at + 1)) count++;
  return count;
}
