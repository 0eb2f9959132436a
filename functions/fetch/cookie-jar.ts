import { isIP } from 'node:net';
import { getPublicSuffix } from 'tldts';
import type { Cookie } from 'undici';
import { parseSetCookie } from 'undici/lib/web/cookies/parse.js';

/** A cookie as it is kept (JSON). Times in ms since the epoch. */
export interface StoredCookie {
  readonly name: string;
  readonly value: string;
  /** Host or, unless `hostOnly`, domain that it is sent to. */
  readonly domain: string;
  readonly path: string;
  readonly hostOnly: boolean;
  readonly secure: boolean;
  readonly createdMs: number;
  /** Absent: as long as the jar. */
  readonly expiresMs?: number;
}

/** RFC 6265bis, section 6.1 asks for 50 cookies per domain at least; a jar here serves one host or site. */
const MAX_COOKIES = 150;
/** RFC 6265bis, section 5.5: no cookie lives longer. */
const MAX_AGE_MS = 400 * 86_400_000;

/**
 * The cookies of one lane and job: what servers set is sent back to them, and to nobody else.
 *
 * Without `SameSite`, since a crawler has no site that a request comes from. `HttpOnly` makes no difference either.
 * @see RFC 6265bis, sections 5.6 (storing) and 5.8 (sending).
 */
export class CookieJar {
  readonly #cookies = new Map<string, StoredCookie>();

  constructor(state: readonly StoredCookie[] = []) {
    for (const cookie of state) this.#cookies.set(keyOf(cookie), cookie);
  }

  /**
   * Takes up what an answer sets.
   *
   * @param url - of the request.
   * @param setCookie - the values of Set-Cookie, one a line.
   */
  store(url: URL, setCookie: string, nowMs: number): void {
    for (const line of setCookie.split('\n')) {
      const parsed = parseSetCookie(line);
      const cookie = parsed ? accepted(parsed, url, nowMs) : undefined;
      if (!cookie) continue;
      const key = keyOf(cookie);
      const old = this.#cookies.get(key);
      // A cookie that is not Secure must not lay itself over one that is.
      if (old?.secure && !cookie.secure && url.protocol === 'http:') continue;
      this.#cookies.delete(key);
      if ((cookie.expiresMs ?? Infinity) <= nowMs) continue;
      if (this.#cookies.size >= MAX_COOKIES) this.#makeRoom(nowMs);
      this.#cookies.set(key, old ? { ...cookie, createdMs: old.createdMs } : cookie);
    }
  }

  /** The Cookie header for a request, or `undefined` where there is nothing to send. */
  header(url: URL, nowMs: number): string | undefined {
    if (this.#cookies.size === 0) return undefined;
    const fitting = [...this.#cookies.values()].filter((cookie) => isSent(cookie, url, nowMs));
    if (fitting.length === 0) return undefined;
    return fitting
      .toSorted((a, b) => b.path.length - a.path.length || a.createdMs - b.createdMs)
      .map(({ name, value }) => (name === '' ? value : `${name}=${value}`))
      .join('; ');
  }

  /** What to keep between invocations. */
  toState(nowMs: number): readonly StoredCookie[] {
    return [...this.#cookies.values()].filter(({ expiresMs }) => (expiresMs ?? Infinity) > nowMs);
  }

  /** Expired cookies go first, then the one that was set longest ago. */
  #makeRoom(nowMs: number): void {
    for (const [key, { expiresMs }] of this.#cookies) if ((expiresMs ?? Infinity) <= nowMs) this.#cookies.delete(key);
    if (this.#cookies.size < MAX_COOKIES) return;
    const [oldest] = this.#cookies.keys();
    if (oldest !== undefined) this.#cookies.delete(oldest);
  }
}

function keyOf({ name, domain, path, hostOnly }: StoredCookie): string {
  return JSON.stringify([name, domain, path, hostOnly]);
}

/** The cookie as it is to be kept, or `undefined` where the server may not set it. */
function accepted(cookie: Cookie, url: URL, nowMs: number): StoredCookie | undefined {
  const { name, value } = cookie;
  if (name === '' && value === '') return undefined;
  const host = url.hostname;
  const wanted = cookie.domain ?? '';
  // A domain under which anybody can have a name (com, github.io) would carry the cookie to strangers.
  const isSuffix = wanted !== '' && getPublicSuffix(wanted, { allowPrivateDomains: true }) === wanted;
  if (wanted !== '' && !(isSuffix ? wanted === host : domainMatches(host, wanted))) return undefined;
  const hostOnly = wanted === '' || isSuffix;
  const isHttps = url.protocol === 'https:';
  const secure = cookie.secure ?? false;
  if (secure && !isHttps) return undefined;
  const prefix = name.toLowerCase();
  if (prefix.startsWith('__secure-') && !secure) return undefined;
  if (prefix.startsWith('__host-') && !(secure && wanted === '' && cookie.path === '/')) return undefined;
  const expiresMs = expiry(cookie, nowMs);
  return {
    name,
    value,
    domain: hostOnly ? host : wanted,
    path: cookie.path ?? defaultPath(url.pathname),
    hostOnly,
    secure,
    createdMs: nowMs,
    ...(expiresMs !== undefined && { expiresMs }),
  };
}

/** Max-Age goes before Expires. */
function expiry({ maxAge, expires }: Cookie, nowMs: number): number | undefined {
  if (maxAge !== undefined) return maxAge <= 0 ? 0 : Math.min(nowMs + maxAge * 1_000, nowMs + MAX_AGE_MS);
  return expires === undefined ? undefined : Math.min(Number(expires), nowMs + MAX_AGE_MS);
}

function isSent(cookie: StoredCookie, url: URL, nowMs: number): boolean {
  if ((cookie.expiresMs ?? Infinity) <= nowMs || (cookie.secure && url.protocol !== 'https:')) return false;
  const fits = cookie.hostOnly ? url.hostname === cookie.domain : domainMatches(url.hostname, cookie.domain);
  return fits && pathMatches(url.pathname, cookie.path);
}

/** RFC 6265bis, section 5.1.3: a name below the domain, never an address. */
function domainMatches(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && isIP(host) === 0);
}

/** RFC 6265bis, section 5.1.4. */
function pathMatches(path: string, cookiePath: string): boolean {
  return path === cookiePath || (path.startsWith(cookiePath) && (cookiePath.endsWith('/') || path[cookiePath.length] === '/'));
}

function defaultPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}
