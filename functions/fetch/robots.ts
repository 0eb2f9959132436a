/** What a robots.txt says to one crawler. */
export interface RobotsRules {
  /** @param url - absolute http(s) URL on the host of the robots.txt. */
  allows(url: string): boolean;
  /** ms; not in RFC 9309, but many sites set it and mean it. */
  readonly crawlDelayMs?: number;
  /** URLs of `Sitemap` lines, as written. */
  readonly sitemaps: readonly string[];
  /** Lines that state wishes about the use of the content (`content-signal: …`, `content-usage: …`), as written: recorded, not judged. */
  readonly signals: readonly string[];
}

/**
 * What the fetch of a robots.txt means: the file is read; or there is none and all is allowed; or nothing may be fetched
 * for now, and robots.txt is tried again later.
 */
export type RobotsPolicy = 'parse' | 'allow-all' | 'forbid-and-retry-later';

/** RFC 9309, section 2.5: at least 500 KiB must be read; what comes after is left out. */
export const MAX_ROBOTS_BYTES = 500 * 1024;
/** RFC 9309, section 2.4: no copy is used for longer than a day. */
export const MAX_ROBOTS_AGE_MS = 86_400_000;
/** RFC 9309, section 2.3.1.2: at least five consecutive redirects are followed. */
export const MAX_ROBOTS_REDIRECTS = 5;
/** Patterns kept for one crawler: 500 KiB hold more only if they are there to slow somebody down. */
const MAX_RULES = 10_000;
const MAX_SIGNALS = 20;
const MAX_SIGNAL_CHARS = 500;

/**
 * @param status - of the final answer, or `unreachable` for a network failure, a timeout, too many redirects.
 * @see RFC 9309, section 2.3.1.
 */
export function robotsPolicy(status: number | 'unreachable'): RobotsPolicy {
  if (status === 'unreachable') return 'forbid-and-retry-later';
  if (status >= 200 && status <= 299) return 'parse';
  // 429 is a 4xx, but "slow down" is no permission to crawl all: as for a server that fails, the file is asked for again.
  if (status === 429) return 'forbid-and-retry-later';
  return status >= 300 && status <= 499 ? 'allow-all' : 'forbid-and-retry-later';
}

interface Rule {
  readonly allow: boolean;
  /** Octets of the pattern in normal form; its length decides which rule is the most specific. */
  readonly pattern: string;
}

interface Group {
  readonly rules: Rule[];
  crawlDelayMs?: number;
}

/**
 * Reads a robots.txt. Never throws: what is no rule is passed over.
 *
 * @param source - the file; what exceeds {@link MAX_ROBOTS_BYTES} is left out, its cut last line included.
 * @param agentToken - the crawler's product token (`urldrop`), compared without regard to case.
 * @see RFC 9309.
 */
export function parseRobots(source: Uint8Array | string, agentToken: string): RobotsRules {
  const own: Group = { rules: [] };
  const any: Group = { rules: [] };
  const sitemaps: string[] = [];
  const signals: string[] = [];
  const wanted = agentToken.toLowerCase();
  let hasOwn = false;
  /** Groups that the present lines belong to. */
  let current: Group[] = [];
  let namingAgents = false;
  for (const line of lines(source)) {
    const hash = line.indexOf('#');
    const bare = hash < 0 ? line : line.slice(0, hash);
    const colon = bare.indexOf(':');
    if (colon < 0) continue;
    const key = bare.slice(0, colon).trim().toLowerCase();
    const value = bare.slice(colon + 1).trim();
    switch (key) {
      case 'user-agent':
      case 'useragent':
      case 'user agent': {
        // Agents in a row share the group that follows; several groups of one agent are merged (section 2.2.1).
        if (!namingAgents) current = [];
        namingAgents = true;
        const token = productToken(value);
        if (token === wanted) {
          hasOwn = true;
          current.push(own);
        } else if (value.startsWith('*')) current.push(any);
        break;
      }
      case 'allow':
      case 'disallow': {
        namingAgents = false;
        // An empty pattern matches nothing: `Disallow:` allows everything.
        if (value === '') break;
        const rule = { allow: key === 'allow', pattern: normalPattern(value) };
        for (const group of new Set(current)) if (group.rules.length < MAX_RULES) group.rules.push(rule);
        break;
      }
      case 'crawl-delay': {
        namingAgents = false;
        const seconds = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
        if (seconds !== undefined) for (const group of current) group.crawlDelayMs = Math.max(group.crawlDelayMs ?? 0, seconds * 1_000);
        break;
      }
      case 'sitemap':
        // Belongs to no group and ends none (section 2.2.4).
        if (value !== '' && sitemaps.length < MAX_RULES) sitemaps.push(value);
        break;
      case 'content-signal':
      case 'content-usage':
        if (signals.length < MAX_SIGNALS) signals.push(`${key}: ${value.slice(0, MAX_SIGNAL_CHARS)}`);
        break;
      default:
    }
  }
  const group = hasOwn ? own : any;
  const rules = sorted(group.rules);
  return {
    allows: rules.some((rule) => !rule.allow) ? (url) => allows(rules, pathOf(url)) : () => true,
    ...(group.crawlDelayMs !== undefined && { crawlDelayMs: group.crawlDelayMs }),
    sitemaps,
    signals,
  };
}

/** What robots.txt calls a crawler with this User-Agent, in lower case: its product token, or ours where it begins with none. */
export function crawlerToken(userAgent: string): string {
  return productToken(userAgent) || 'urldrop';
}

/** The start of a user agent that can be a product token (section 2.2.1), in lower case: `urldrop` of `urldrop/2.0`. */
export function productToken(value: string): string {
  return (/^[a-z_-]+/i.exec(value)?.[0] ?? '').toLowerCase();
}

/** Most specific first, and of equals the one that allows (section 2.2.2): the first match then decides. */
function sorted(rules: readonly Rule[]): readonly Rule[] {
  return rules.toSorted((a, b) => b.pattern.length - a.pattern.length || Number(b.allow) - Number(a.allow));
}

function allows(rules: readonly Rule[], path: string): boolean {
  // robots.txt itself may always be fetched (section 2.2.2).
  if (path === '/robots.txt') return true;
  return rules.find((rule) => matches(rule.pattern, path))?.allow ?? true;
}

/**
 * Whether a pattern with `*` and a final `$` matches a path from its start: greedy, with one point to come back to, so
 * that no pattern takes longer than its length times the path's.
 */
export function matches(pattern: string, path: string): boolean {
  const anchored = pattern.endsWith('$');
  const end = anchored ? pattern.length - 1 : pattern.length;
  let p = 0;
  let s = 0;
  let star = -1;
  let starS = 0;
  for (;;) {
    if (p === end && (!anchored || s === path.length)) return true;
    if (p < end && pattern.charCodeAt(p) === 42) {
      star = p++;
      starS = s;
    } else if (p < end && s < path.length && pattern.charCodeAt(p) === path.charCodeAt(s)) {
      p++;
      s++;
    } else if (star >= 0 && starS < path.length) {
      p = star + 1;
      s = ++starS;
    } else return false;
  }
}

/**
 * Brings paths and patterns to one form (section 2.2.2): octets outside ASCII percent-encoded as UTF-8, escapes in upper
 * case, escapes of unreserved characters undone, everything else as written.
 */
function normalPath(path: string): string {
  // Most are in that form, and one look is cheaper than two searches for what to replace.
  if (/^[\x21-\x24\x26-\x7e]*$/.test(path)) return path;
  return path
    .replaceAll(/[^\x21-\x7e]/gu, (character) => encodeCharacter(character))
    .replaceAll(/%[\da-f]{2}/gi, (escape) => {
      const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
      return /[\w.~-]/.test(character) ? character : escape.toUpperCase();
    });
}

function encodeCharacter(character: string): string {
  return [...Buffer.from(character)].map((octet) => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

/** `*` and a final `$` have their meaning; a `$` before the end is a letter. */
function normalPattern(value: string): string {
  return normalPath(value).replaceAll(/\$(?!$)/g, '%24');
}

/** Path and query of a URL in normal form; its stars and dollars are letters, which patterns write as %2A and %24. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  const query = url.indexOf('?');
  const hash = url.indexOf('#');
  const end = hash < 0 ? url.length : hash;
  let path = start < 0 || start >= end ? '/' : url.slice(start, end);
  if (query >= 0 && query < end && (start < 0 || query < start)) path = `/${url.slice(query, end)}`;
  const normal = normalPath(path);
  return /[*$]/.test(normal) ? normal.replaceAll('*', '%2A').replaceAll('$', '%24') : normal;
}

function lines(source: Uint8Array | string): readonly string[] {
  const bytes = typeof source === 'string' ? Buffer.from(source) : source;
  const cut = bytes.byteLength > MAX_ROBOTS_BYTES;
  const kept = cut ? bytes.subarray(0, MAX_ROBOTS_BYTES) : bytes;
  // Section 2.3: UTF-8; a byte order mark is left out, as is what is no UTF-8.
  const all = new TextDecoder().decode(kept).split(/\r\n|\r|\n/);
  return cut ? all.slice(0, -1) : all;
}
