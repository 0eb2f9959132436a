import { ACCEPT_ENCODING } from './content-coding.ts';
import { acceptHeader } from './content-type.ts';
import { withoutCredentials, type Hop } from './redirect.ts';
import type { FetchRequest, Validators } from './types.ts';

/** Headers that belong to the connection; a scraper's own would break the framing or the routing. */
const CONNECTION_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
]);

/** A scraper's headers are one object for all its requests: they are completed once. */
const completed = new WeakMap<
  FetchRequest['headers'],
  { readonly accept: readonly string[]; readonly userAgent: string; readonly all: Hop['headers'] }
>();

/**
 * The request as it goes out first: the usual headers under the scraper's own, credentials of the URL as basic auth, no fragment.
 *
 * @returns `undefined` for what is no http(s) URL.
 */
export function firstHop(request: FetchRequest, userAgent: string): Hop | undefined {
  const url = URL.parse(request.url);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  let headers = completeHeaders(request, userAgent);
  if (request.validators) headers = { ...headers, ...conditions(request.validators) };
  const { credentialsFor } = request;
  if (credentialsFor !== undefined && URL.parse(credentialsFor)?.origin !== url.origin) headers = withoutCredentials(headers);
  if (url.username !== '' || url.password !== '') {
    const basic = `Basic ${Buffer.from(`${plain(url.username)}:${plain(url.password)}`).toString('base64')}`;
    headers = { authorization: basic, ...headers };
    url.username = '';
    url.password = '';
  }
  if (url.hash !== '') url.hash = '';
  return { url, method: request.method, headers, body: request.body };
}

function completeHeaders({ headers, accept }: FetchRequest, userAgent: string): Hop['headers'] {
  const known = completed.get(headers);
  if (known && known.accept === accept && known.userAgent === userAgent) return known.all;
  const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const all: Hop['headers'] = {
    'user-agent': userAgent,
    accept: acceptHeader(accept),
    'accept-encoding': ACCEPT_ENCODING,
    ...Object.fromEntries(own.filter(([name]) => !CONNECTION_HEADERS.has(name))),
  };
  completed.set(headers, { accept, userAgent, all });
  return all;
}

/** RFC 9110, section 13.1. */
function conditions({ etag, lastModified }: Validators): Record<string, string> {
  return {
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(lastModified !== undefined && { 'if-modified-since': lastModified }),
  };
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign stands for itself.
    return text;
  }
}
