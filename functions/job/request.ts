import type { ErrorCode } from './errors.ts';

/** Anything that survives JSON unchanged. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * One URL to fetch, as it travels through segments and messages (one JSON line).
 *
 * The first block is the user's; the second is the protocol's own bookkeeping and is refused in input files.
 */
export interface Request {
  /** Absolute http(s) URL in normal form (`functions/urls/normal-form.ts`). With method, body and page it is the request's identity. */
  readonly url: string;
  /** Page type inside the scraper; absent = the scraper's first page type. */
  readonly page?: string;
  /** HTTP method, upper case; absent = GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The user's own value, carried into every result and error line of this request. */
  readonly data?: Json;
  /** Links followed from the job's input to here; absent = 0. */
  readonly depth?: number;
  /** The answer is a file to keep, not a page to parse; its page type is {@link FILE_PAGE}. */
  readonly file?: FileTarget;

  /** Fetches made in earlier batches; absent = 0. */
  readonly attempts?: number;
  /** The lane has taken this request up before: it passes the seen-set. */
  readonly claimed?: true;
  /** Where a redirect to another lane led: this is fetched, `url` stays the identity. */
  readonly location?: string;
  /** The method to fetch it with, where the redirect changed it; the body is then left out. */
  readonly locationMethod?: string;
  /** Redirects followed before this batch; absent = 0. */
  readonly redirects?: number;
  /** What its attempts have come to so far; absent before the first has failed. */
  readonly tried?: Tried;
  /** On its way it fetches a robots.txt that lies in another lane than the host's own. */
  readonly errand?: RobotsErrand;
}

/** What the further attempts of a request go by. */
export interface Tried {
  /** Start of the first attempt, ms since the epoch; in a later lane moved on by the pauses of those before. */
  readonly sinceMs: number;
  /** How long the lane had been paused until then, in all its time, ms; absent in a lane where it has not been tried. */
  readonly pausedMs?: number;
  /** How the last attempt ended. */
  readonly code: ErrorCode;
  readonly status?: number;
}

/** A robots.txt whose redirect leads to another lane: a request that waits for it goes there, asks at that host's pace, and comes back. */
export interface RobotsErrand {
  /** Whose robots.txt it is. */
  readonly origin: string;
  /** Where it is asked for next. */
  readonly url: string;
  readonly redirects: number;
  /** Times that it could not be had before. */
  readonly tries: number;
}

/** Page type of downloads: no name that a scraper can give to one of its own. */
export const FILE_PAGE = '@file';

/** Where a downloaded file goes. */
export interface FileTarget {
  /** Last part of its object key, below the job's folder; safe as a name. */
  readonly name: string;
  readonly maxBytes: number;
}

/** The string whose hash stands for a request in seen-sets: same page type, method, URL and body = same request. */
export function requestKey(request: Request): string {
  const method = request.method ?? 'GET';
  const page = request.page ?? '';
  return method === 'GET' && request.body === undefined
    ? `${page} ${request.url}`
    : `${page} ${request.url} ${method} ${request.body ?? ''}`;
}

/** The URL that is fetched for a request, which also decides its lane. */
export function targetOf(request: Request): string {
  return request.errand?.url ?? request.location ?? request.url;
}
