const QUOTE = 34;
/** Differences taken one by one; behind them the rest of a line is written out. */
const MAX_DIFFERENCES = 100;
/** Bytes that {@link encodeLine} may need beyond the line itself. */
export const MAX_OVERHEAD_BYTES = 16 + MAX_DIFFERENCES * 9;

/**
 * Writes a JSON line as what differs from a model line. After each difference both go on from their next quote, so that lines with
 * the same fields cost little more than their values.
 *
 * The code: number of differences times two, plus one if the line does not end as the model does; then for each difference how many
 * bytes are the model's, how many are the line's own, how many before the quote are the model's again, and the own bytes.
 *
 * @param model - holds the model at `[modelStart, modelEnd)`.
 * @param out - takes the code from 0 on: room for the line and {@link MAX_OVERHEAD_BYTES}.
 * @returns the length of the code.
 */
export function encodeLine(
  line: Uint8Array,
  length: number,
  model: Uint8Array,
  modelStart: number,
  modelEnd: number,
  out: Uint8Array,
): number {
  // The first byte is the number of differences, filled in at the end.
  let to = 1;
  let differences = 0;
  let at = 0;
  let from = modelStart;
  for (;;) {
    const matched = at;
    while (at < length && from < modelEnd && line[at] === model[from]) {
      at++;
      from++;
    }
    if (at === length && from === modelEnd) {
      out[0] = differences << 1;
      return to;
    }
    differences++;
    to = writeLength(out, to, at - matched);
    const lineQuote = differences < MAX_DIFFERENCES ? next(line, at, length) : -1;
    const modelQuote = lineQuote < 0 ? -1 : next(model, from, modelEnd);
    if (modelQuote < 0) {
      to = writeLength(out, to, length - at);
      out[to++] = 0;
      to = copyBytes(line, at, length - at, out, to);
      out[0] = (differences << 1) | 1;
      return to;
    }
    let tail = 0;
    const room = Math.min(lineQuote - at, modelQuote - from);
    while (tail < room && line[lineQuote - 1 - tail] === model[modelQuote - 1 - tail]) tail++;
    const own = lineQuote - at - tail;
    to = writeLength(out, to, own);
    to = writeLength(out, to, tail);
    to = copyBytes(line, at, own, out, to);
    at = lineQuote;
    from = modelQuote;
  }
}

/** Where {@link decodeLine} has come to. */
export interface Place {
  /** End of the code read. */
  at: number;
  /** End of the line written. */
  to: number;
}

/** Writes the line whose code begins at `place.at` of `code` to `out` from `place.to` on, and moves both on. */
export function decodeLine(code: Uint8Array, model: Uint8Array, modelStart: number, modelEnd: number, out: Uint8Array, place: Place): void {
  const head = code[place.at++] ?? 0;
  let to = place.to;
  let from = modelStart;
  for (let differences = head >> 1; differences > 0; differences--) {
    const matched = readLength(code, place);
    const own = readLength(code, place);
    const tail = readLength(code, place);
    to = copyBytes(model, from, matched, out, to);
    to = copyBytes(code, place.at, own, out, to);
    place.at += own;
    const isEnd = differences === 1 && (head & 1) === 1;
    from = isEnd ? modelEnd : next(model, from + matched, modelEnd);
    to = copyBytes(model, from - tail, tail, out, to);
  }
  place.to = copyBytes(model, from, modelEnd - from, out, to);
}

function readLength(code: Uint8Array, place: Place): number {
  let byte = code[place.at++] ?? 0;
  let length = byte & 0x7f;
  for (let shift = 7; byte >= 0x80; shift += 7) {
    byte = code[place.at++] ?? 0;
    length |= (byte & 0x7f) << shift;
  }
  return length;
}

/** Seven bits a byte, the lowest first; the top bit says that more follow. */
function writeLength(bytes: Uint8Array, at: number, length: number): number {
  let rest = length;
  let to = at;
  for (; rest >= 0x80; rest >>= 7) bytes[to++] = (rest & 0x7f) | 0x80;
  bytes[to++] = rest;
  return to;
}

function next(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === QUOTE) return at;
  return -1;
}

export function copyBytes(from: Uint8Array, start: number, length: number, out: Uint8Array, to: number): number {
  // Up to some dozens of bytes a loop is quicker than the call of a copy.
  if (length > 96) out.set(from.subarray(start, start + length), to);
  else for (let i = 0; i < length; i++) out[to + i] = from[start + i] ?? 0;
  return to + length;
}
