import { metaElements } from './meta-prescan.ts';

/** What a page itself says to robots. */
export interface PageRobots {
  /** As written: `x-robots-tag: noindex`, `meta robots: nofollow`. */
  readonly directives: readonly string[];
  /** Its links are not to be followed by this crawler. */
  readonly nofollow: boolean;
  /** Wishes about the use of the content, as written (`content-usage: train-ai=n`, `tdm-reservation: 1`): recorded, not judged. */
  readonly signals: readonly string[];
}

/** Bytes in which `meta` elements are looked for: they belong into the head. */
export const HEAD_BYTES = 65_536;
const MAX_VALUE_CHARS = 500;
/** Directives that carry a value after a colon: their names are no crawler's (Google's specification of X-Robots-Tag). */
const WITH_VALUE = new Set(['max-snippet', 'max-image-preview', 'max-video-preview', 'unavailable_after']);
/** AI preferences (IETF aipref), Cloudflare's content signals, the TDM Reservation Protocol (W3C community report). */
const SIGNAL_HEADERS = ['content-usage', 'content-signal', 'tdm-reservation', 'tdm-policy'];
const SIGNAL_METAS = new Set(SIGNAL_HEADERS);
/** What the bytes of a page must hold before its elements are worth a look; case varies in practice only as a whole. */
const HINTS = ['obots', 'OBOTS', 'tdm-', 'content-usage', 'content-signal'];

/**
 * Reads robots directives and signals of a page from its headers and, for HTML, its `meta` elements.
 *
 * @param headers - lower-case names; several values of one name joined by `, `.
 * @param body - decoded body; `undefined` for what is no HTML.
 * @param agentToken - the crawler's product token, in lower case: directives for other crawlers are recorded and not obeyed.
 * @returns `undefined` where the page says nothing, as most do.
 */
export function readPageRobots(
  headers: Readonly<Record<string, string>>,
  body: Buffer | undefined,
  agentToken: string,
): PageRobots | undefined {
  const directives: string[] = [];
  const signals: string[] = [];
  let nofollow = false;
  const tag = headers['x-robots-tag'];
  if (tag !== undefined) {
    directives.push(entry('x-robots-tag', tag));
    nofollow = forbidsFollowing(tag, agentToken);
  }
  for (const name of SIGNAL_HEADERS) {
    const value = headers[name];
    if (value !== undefined) signals.push(entry(name, value));
  }
  const head = body && headOf(body);
  if (head && [...HINTS, agentToken].some((hint) => head.includes(hint, 0, 'latin1'))) {
    for (const attributes of metaElements(head, head.length, true)) {
      const name = attributes.get('name')?.trim().toLowerCase() ?? '';
      const content = attributes.get('content') ?? '';
      if (SIGNAL_METAS.has(name)) signals.push(entry(`meta ${name}`, content));
      else if (name === 'robots' || name === agentToken) {
        directives.push(entry(`meta ${name}`, content));
        nofollow ||= forbidsFollowing(content, agentToken);
      }
    }
  }
  return directives.length + signals.length === 0 ? undefined : { directives, nofollow, signals };
}

/** What comes before the body element, where the tag is written out: a fraction of most pages, and this is done for every page. */
function headOf(body: Buffer): Buffer {
  const start = body.subarray(0, HEAD_BYTES);
  const end = start.indexOf('<body', 0, 'latin1');
  return end < 0 ? start : start.subarray(0, end);
}

/** A list of directives, some perhaps for one crawler only: `noindex, otherbot: nofollow, noarchive`. */
function forbidsFollowing(list: string, agentToken: string): boolean {
  let isForUs = true;
  for (const part of list.toLowerCase().split(',')) {
    const colon = part.indexOf(':');
    const name = colon < 0 ? '' : part.slice(0, colon).trim();
    if (name !== '' && !WITH_VALUE.has(name)) isForUs = name === agentToken;
    const directive = (name === '' || WITH_VALUE.has(name) ? part : part.slice(colon + 1)).trim();
    if (isForUs && (directive === 'nofollow' || directive === 'none')) return true;
  }
  return false;
}

function entry(name: string, value: string): string {
  return `${name}: ${value.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_VALUE_CHARS)}`;
}
