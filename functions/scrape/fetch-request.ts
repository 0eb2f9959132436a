import type { CookieJar } from '../fetch/cookie-jar.ts';
import type { FetchRequest, PageStart, RedirectedElsewhere, Validators } from '../fetch/types.ts';
import { targetOf, type Request } from '../job/request.ts';
import type { RequestOptions } from '../scraper/types.ts';

/** What the lane adds to a fetch. */
export interface FetchContext {
  readonly isOwn: (url: string) => boolean;
  readonly onSent: () => void;
  readonly signal: AbortSignal;
  /** What an earlier run was told of the page. */
  readonly validators?: Validators | undefined;
  /** Absent: none are kept. */
  readonly cookies: CookieJar | undefined;
  /** Absent: the page is wanted whole. */
  readonly isEnough?: ((start: PageStart) => boolean) | undefined;
}

/** How long a file takes is for its size to say; the end of the slice bounds it. */
const FILE_TIMEOUT_MS = 600_000;
/** Most files are packed already. */
const FILE_HEADERS = { 'accept-encoding': 'identity' };
const ANY_TYPE = ['*'];

/** What the fetcher gets for a request: the scraper's options, the request's own headers over the scraper's. */
export function fetchRequestOf(request: Request, options: RequestOptions, { cookies, validators, ...context }: FetchContext): FetchRequest {
  const { file } = request;
  const hasOwnHeaders = request.headers !== undefined || file !== undefined;
  return {
    url: targetOf(request),
    method: request.locationMethod ?? request.method ?? 'GET',
    headers: hasOwnHeaders ? { ...options.headers, ...(file && FILE_HEADERS), ...request.headers } : options.headers,
    body: request.locationMethod === undefined ? request.body : undefined,
    timeoutMs: file ? FILE_TIMEOUT_MS : options.timeout,
    maxBytes: file?.maxBytes ?? options.maxBytes,
    accept: file ? ANY_TYPE : options.accept,
    maxRedirects: options.maxRedirects,
    redirects: request.redirects ?? 0,
    ...context,
    ...(validators && { validators }),
    ...(cookies && { cookies }),
    ...(request.location !== undefined && { credentialsFor: request.url }),
  };
}

/** The request goes on in the lane of the redirect's target, and stays what it is: its URL, its claim, its attempts. */
export function moved(request: Request, { location, redirects, method }: RedirectedElsewhere): Request {
  const isOther = method !== (request.locationMethod ?? request.method ?? 'GET');
  return { ...request, claimed: true, location, redirects, ...(isOther && { locationMethod: method }) };
}

/** Scheme, host and port of an absolute URL in normal form: what a robots.txt speaks for (RFC 9309, section 2.3). */
export function originOf(url: string): string {
  const slash = url.indexOf('/', url.indexOf('//') + 2);
  const origin = slash < 0 ? url : url.slice(0, slash);
  const question = origin.indexOf('?');
  return question < 0 ? origin : origin.slice(0, question);
}
