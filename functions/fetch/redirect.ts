import { isUtf8 } from 'node:buffer';

/** A request on its way through redirects. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export type NextHop = { readonly hop: Hop } | { readonly refused: string };

/** RFC 9110, section 15.4; 300 and 304 to 306 name no place to go on to. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Headers that are for one origin only. */
const CREDENTIALS = new Set(['authorization', 'cookie', 'proxy-authorization', 'origin', 'referer']);
/** Headers that describe a body. */
const CONTENT = /^content-/;

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * The request that follows a redirect, or why none does.
 *
 * - 303, and 301 and 302 after POST, go on as GET without a body (as all browsers do; WHATWG Fetch, section 4.4).
 * - Credentials stay with their origin.
 * - From https to http only what has nothing to lose goes on: a GET or HEAD without credentials of the user's.
 *
 * @param status - one for which {@link isRedirect} holds.
 * @param header - Location as received, relative or absolute, one character a byte.
 */
export function followRedirect(hop: Hop, status: number, header: string | undefined): NextHop {
  const location = asUtf8(header ?? '');
  if (location === '') return { refused: 'no Location header' };
  const url = URL.parse(location, hop.url.href);
  if (!url) return { refused: `Location ${show(location)} is no URL` };
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { refused: `Location ${show(location)} is no http(s) URL` };
  // A user name in a Location could be sent to a host of the redirecting site's choosing, as if the user had chosen it.
  url.username = '';
  url.password = '';
  const rewrite = hop.method !== 'HEAD' && (status === 303 || (hop.method === 'POST' && (status === 301 || status === 302)));
  const method = rewrite ? 'GET' : hop.method;
  const body = rewrite ? undefined : hop.body;
  const carriesCredentials = Object.keys(hop.headers).some((name) => name === 'authorization' || name === 'cookie');
  if (hop.url.protocol === 'https:' && url.protocol === 'http:' && (carriesCredentials || body !== undefined || !isSafe(method))) {
    return { refused: `from https to http (${show(url.href)}) with a body or credentials` };
  }
  const crosses = url.origin !== hop.url.origin;
  const headers = Object.fromEntries(
    Object.entries(hop.headers).filter(([name]) => !(crosses && CREDENTIALS.has(name)) && !(rewrite && CONTENT.test(name))),
  );
  return { hop: { url, method, headers, body } };
}

/** Drops what belongs to one origin from a request that goes to another. */
export function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name.toLowerCase())));
}

/** Servers that leave letters unescaped mean UTF-8, and so do browsers. */
function asUtf8(header: string): string {
  if (!/[\x80-\xff]/.test(header)) return header;
  const bytes = Buffer.from(header, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : header;
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function show(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
