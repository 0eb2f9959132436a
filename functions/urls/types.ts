import type { ErrorCode } from '../job/errors.ts';
import type { Request } from '../job/request.ts';

/** A line of an input that became no request; it ends as an error line. */
export interface Fault {
  readonly code: ErrorCode;
  /** One line: input, place, what is wrong, what to do. */
  readonly message: string;
  /** Line of the input, from 1. */
  readonly line: number;
  /** The line's own words, shortened. */
  readonly text: string;
}

/**
 * Takes what a reader finds, in the order of the input. Readers push rather than return: a file has millions of lines, and
 * most of them never become an object.
 */
export interface Sink {
  /** A request that is nothing but a URL in normal form: ASCII bytes without `"` and `\`, valid during the call only. */
  url(bytes: Buffer, start: number, end: number): void;
  /** Any other request; `url` is in normal form. */
  request(request: Request, line: number): void;
  fault(fault: Fault): void;
  /** Another sitemap, named by a sitemap index. */
  sitemap(url: string, line: number): void;
}

/** Reads one format. Blocks come in as they are cut; a reader copies what it keeps beyond the call. */
export interface Reader {
  /** @throws {UsageError} if the input as a whole is of no use. */
  write(block: Buffer): void;
  /** The input is whole: its last line counts even without a line end. Where it broke off, this is not called. */
  end(): void;
  /** The line that reading has come to. */
  readonly at: number;
}

/** Longest line, CSV record or text of an XML element, in bytes: what a request may be long. */
export const MAX_LINE_BYTES = 65_536;

/** How messages name the place of a fault. */
export function place(line: number, name: string): string {
  return `Line ${line} of ${name}`;
}
