/**
 * The normal form of a URL: what the WHATWG URL Standard serialises, without the fragment, which no server sees.
 * Two lines that name the same page in the same words thus become one request; paths and queries are not touched further,
 * since only the site knows which of them mean the same.
 *
 * @param raw - one URL, absolute; white space around it is left out.
 * @returns undefined where the text is no URL or its scheme is neither http nor https.
 * @see https://url.spec.whatwg.org/#url-serializing
 */
export function normalise(raw: string): string | undefined {
  const url = URL.parse(raw.trim());
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  if (url.hash !== '' || url.href.endsWith('#')) url.hash = '';
  return url.href;
}

/**
 * Why a text is no URL to fetch, and what to write instead, in one line.
 *
 * @param raw - what {@link normalise} refused.
 */
export function badUrlAdvice(raw: string): string {
  const text = raw.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):(?!\d)/i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https')
    return `has the scheme ${scheme}:, and only http: and https: are fetched.`;
  if (scheme === undefined) {
    const guess = normalise(`https://${text.replace(/^\/+/, '')}`);
    if (guess !== undefined && /^\/{0,2}[^\s/]+(\.|:\d)/.test(text)) return `has no scheme. Write ${clip(guess)}`;
  }
  return 'is no URL. A URL begins with http:// or https:// and a host.';
}

const PATH = 1;
const QUERY = 2;
const HOST = 4;
/** What each ASCII byte may be in a URL that the parser leaves as it is; bytes that need a second look are left out everywhere. */
const role = new Uint8Array(256);
for (const c of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&()*+,;=:@%/[]'") role[c.charCodeAt(0)] = PATH | QUERY;
// The query of an http URL percent-encodes the apostrophe (URL Standard, special-query percent-encode set).
role["'".charCodeAt(0)] = PATH;
role['?'.charCodeAt(0)] = QUERY;
for (const c of 'abcdefghijklmnopqrstuvwxyz0123456789-.') role[c.charCodeAt(0)] = (role[c.charCodeAt(0)] ?? 0) | HOST;

const [SLASH, DOT, PERCENT, QUESTION, ZERO, NINE, X, DASH] = [47, 46, 37, 63, 48, 57, 120, 45] as const;

/**
 * Finds the end of a URL that is in normal form for sure, without building a string or a parser: most lines of most files.
 * A `false` (-1) says nothing; {@link normalise} decides then. What is accepted here is ASCII without `"` and `\`, so it may
 * stand in a JSON string as it is.
 *
 * @param start - where the URL begins in `bytes`.
 * @param limit - where the bytes end (excluded).
 * @returns the end of the URL (excluded): the first byte that cannot be part of one, or `limit`; -1 if it needs the parser.
 */
export function normalEnd(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  // http:// or https://
  if (limit - at < 9 || bytes[at] !== 104 || bytes[at + 1] !== 116 || bytes[at + 2] !== 116 || bytes[at + 3] !== 112) return -1;
  at += bytes[at + 4] === 115 ? 5 : 4;
  if (bytes[at] !== 58 || bytes[at + 1] !== SLASH || bytes[at + 2] !== SLASH) return -1;
  at += 3;

  // Host: labels that are not empty; no Punycode, which the parser checks; a last label that cannot be part of an IPv4 number.
  let label = at;
  for (; at < limit; at++) {
    const c = bytes[at] ?? 0;
    if (((role[c] ?? 0) & HOST) === 0) break;
    if (c !== DOT) continue;
    if (at === label || isPunycode(bytes, label)) return -1;
    label = at + 1;
  }
  const first = bytes[label] ?? 0;
  if (at >= limit || bytes[at] !== SLASH || at === label || (first >= ZERO && first <= NINE) || isPunycode(bytes, label)) return -1;

  // Path: a segment that begins with a dot, written plainly or as %2e, may be one that the parser takes out.
  while (at < limit) {
    const c = bytes[at] ?? 0;
    if (((role[c] ?? 0) & PATH) === 0) break;
    if (c === SLASH && at + 1 < limit && isDotted(bytes, at + 1)) return -1;
    at++;
  }
  if (bytes[at] === QUESTION && at < limit) while (at < limit && ((role[bytes[at] ?? 0] ?? 0) & QUERY) !== 0) at++;
  return at;
}

/**
 * Whether a piece of text can stand as path and query in a URL's normal form as it is, whatever folder stands before it. A `false`
 * says nothing.
 *
 * @param start - where its first segment begins.
 * @param end - where the text ends (excluded).
 */
export function isPlainPath(text: string, start: number, end: number): boolean {
  let wanted: number = PATH;
  let isSegmentStart = true;
  for (let at = start; at < end; at++) {
    const c = text.charCodeAt(at);
    if (c === QUESTION) wanted = QUERY;
    else if (c > 255 || ((role[c] ?? 0) & wanted) === 0) return false;
    // A segment that begins with a dot, or an escape that may be one, can be one that the parser takes out.
    if (wanted === PATH && isSegmentStart && (c === DOT || c === PERCENT)) return false;
    isSegmentStart = c === SLASH;
  }
  return true;
}

function isDotted(bytes: Uint8Array, segment: number): boolean {
  return bytes[segment] === DOT || (bytes[segment] === PERCENT && bytes[segment + 1] === 50 && ((bytes[segment + 2] ?? 0) | 32) === 101);
}

function isPunycode(bytes: Uint8Array, label: number): boolean {
  return bytes[label] === X && bytes[label + 1] === 110 && bytes[label + 2] === DASH && bytes[label + 3] === DASH;
}

/** Shortens a text from outside for a message. */
export function clip(text: string, maxChars = 200): string {
  return text.length > maxChars ? `${text.slice(0, maxChars)}…` : text;
}
