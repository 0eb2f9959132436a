import type { FetchRequest } from '../fetch/types.ts';
import { targetOf, type Request } from '../job/request.ts';
import type { RequestOptions } from '../scraper/types.ts';

/** What the fetcher gets for a request: the scraper's options, the request's own headers over the scraper's. */
export function fetchRequestOf(
  request: Request,
  options: RequestOptions,
  isOwn: (url: string) => boolean,
  signal: AbortSignal,
): FetchRequest {
  return {
    url: targetOf(request),
    method: request.locationMethod ?? request.method ?? 'GET',
    headers: request.headers ? { ...options.headers, ...request.headers } : options.headers,
    body: request.locationMethod === undefined ? request.body : undefined,
    timeoutMs: options.timeout,
    maxBytes: options.maxBytes,
    accept: options.accept,
    maxRedirects: options.maxRedirects,
    redirects: request.redirects ?? 0,
    isOwn,
    signal,
    ...(request.location !== undefined && { credentialsFor: request.url }),
  };
}

/** Scheme, host and port of an absolute URL in normal form: what a robots.txt speaks for (RFC 9309, section 2.3). */
export function originOf(url: string): string {
  const slash = url.indexOf('/', url.indexOf('//') + 2);
  const origin = slash < 0 ? url : url.slice(0, slash);
  const question = origin.indexOf('?');
  return question < 0 ? origin : origin.slice(0, question);
}
