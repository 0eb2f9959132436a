import type { Request } from '../job/request.ts';

const [COMMA, QUOTE, BACKSLASH] = [44, 34, 92] as const;
/** First letters of page, method and body. */
const [P, M, B] = [112, 109, 98] as const;
/** Behind `{"url":"`. */
const URL_AT = 8;

/**
 * A request as a JSON line: first what makes its identity (URL, page type, method, body: see `requestKey`), then the rest. So two
 * lines are the same request exactly if they are the same up to {@link identityEnd}.
 */
export function requestLine({ url, page, method, body, headers, data, depth }: Request): string {
  return JSON.stringify({ url, page, method, body, headers, data, depth });
}

/** Where the identity ends of the request line that begins at `start`: behind the closing quote of its last field. */
export function identityEnd(line: Uint8Array, start: number): number {
  // The normal form of a URL holds no quote.
  let at = line.indexOf(QUOTE, start + URL_AT) + 1;
  while (line[at] === COMMA && line[at + 1] === QUOTE && (line[at + 2] === P || line[at + 2] === M || line[at + 2] === B)) {
    // To the end of the name, and over the colon and the quote that opens the value.
    at = line.indexOf(QUOTE, at + 2) + 3;
    while (line[at] !== QUOTE) at += line[at] === BACKSLASH ? 2 : 1;
    at++;
  }
  return at;
}
