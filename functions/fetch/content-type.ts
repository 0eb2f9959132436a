/** A Content-Type header's parts. */
export interface ContentType {
  /** `type/subtype` in lower case; empty where there is none that can be read. */
  readonly mediaType: string;
  /** The charset parameter as sent. */
  readonly charset?: string;
}

const NONE: ContentType = { mediaType: '' };
const MEDIA_TYPE = /^[!#$%&'*+\-.^_`|~\w]+\/[!#$%&'*+\-.^_`|~\w]+$/;

/** The few headers that nearly all pages carry; reading one anew per page is waste. */
const cache = new Map<string, ContentType>();
const MAX_CACHED = 200;

/**
 * Reads a Content-Type header. Never throws: what cannot be read counts as absent.
 *
 * @see WHATWG MIME Sniffing, section 4.4 (parsing a MIME type).
 */
export function parseContentType(header: string | undefined): ContentType {
  if (header === undefined) return NONE;
  const cached = cache.get(header);
  if (cached) return cached;
  const parsed = parse(header);
  if (cache.size < MAX_CACHED && header.length < 200) cache.set(header, parsed);
  return parsed;
}

function parse(header: string): ContentType {
  const end = header.indexOf(';');
  const mediaType = (end < 0 ? header : header.slice(0, end)).trim().toLowerCase();
  if (!MEDIA_TYPE.test(mediaType)) return NONE;
  const charset = end < 0 ? undefined : parameter(header, end, 'charset');
  return charset === undefined ? { mediaType } : { mediaType, charset };
}

/** The first parameter of that name; quoted values may hold `;` and escapes. */
function parameter(header: string, start: number, wanted: string): string | undefined {
  const pattern = /;[\t\n\r ]*([^;=]*)(?:=[\t\n\r ]*(?:"((?:[^"\\]|\\.)*)"?[^;]*|([^;]*)))?/gs;
  pattern.lastIndex = start;
  for (let match = pattern.exec(header); match; match = pattern.exec(header)) {
    const [, name = '', quoted, plain] = match;
    if (name.trim().toLowerCase() !== wanted) continue;
    const value = quoted === undefined ? (plain?.trim() ?? '') : quoted.replaceAll(/\\(.)/gs, '$1');
    if (value !== '') return value;
  }
  return undefined;
}

/**
 * Whether a scraper takes a media type.
 *
 * @param mediaType - lower case, without parameters.
 * @param accept - `text/html`, `text/*`, `application/*+json`, `*` or `*` + `/*`; lower case.
 */
export function accepts(accept: readonly string[], mediaType: string): boolean {
  return accept.some((pattern) => {
    if (pattern === mediaType || pattern === '*' || pattern === '*/*') return true;
    const star = pattern.indexOf('*');
    if (star < 0) return false;
    const tail = pattern.slice(star + 1);
    return mediaType.length >= star + tail.length && mediaType.startsWith(pattern.slice(0, star)) && mediaType.endsWith(tail);
  });
}

/** The Accept header that asks for what the scraper takes, and for anything else rather than an error page. */
export function acceptHeader(accept: readonly string[]): string {
  if (accept.some((pattern) => pattern === '*' || pattern === '*/*')) return '*/*';
  // A media range knows `*` only in place of a whole type or subtype (RFC 9110, section 12.5.1).
  const ranges = accept.map((pattern) => (pattern.includes('+') ? pattern.replace(/\*\+.*$/, '*') : pattern));
  return [...new Set(ranges), '*/*;q=0.1'].join(', ');
}

/**
 * The media type of a body that came without one: markup, other text, or bytes.
 *
 * @see WHATWG MIME Sniffing, section 7 (its whole table is for browsers; a scraper needs to tell pages from files).
 */
export function guessMediaType(body: Uint8Array): string {
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, 512));
  if (
    /^(?:\xef\xbb\xbf)?[\t\n\f\r ]*<(?:!doctype html|html|head|body|title|meta|script|h1|div|table|a|p|br|!--)/i.test(
      head.toString('latin1'),
    )
  )
    return 'text/html';
  if (/^(?:\xef\xbb\xbf)?[\t\n\f\r ]*<\?xml/.test(head.toString('latin1'))) return 'text/xml';
  // Binary data bytes as in section 3 of the standard.
  return head.some((byte) => byte < 9 || byte === 11 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32))
    ? 'application/octet-stream'
    : 'text/plain';
}
