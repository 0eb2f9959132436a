import { MAX_ROBOTS_AGE_MS, MAX_ROBOTS_BYTES, MAX_ROBOTS_REDIRECTS, robotsPolicy } from '../fetch/robots.ts';
import type { Fetcher } from '../fetch/types.ts';
import { RequestError } from '../job/errors.ts';
import type { RobotsRecord } from './robots-cache.ts';

/** Time for one fetch of a robots.txt, ms. */
export const ROBOTS_TIMEOUT_MS = 15_000;
/** A file larger than this is not read even for its beginning. */
const MAX_TRANSFER_BYTES = 10 * MAX_ROBOTS_BYTES;
/** Wait before robots.txt is asked for again after a failure; doubles each time. */
const FIRST_WAIT_MS = 5_000;
const MAX_WAIT_MS = 300_000;

/** Where a robots.txt is asked for, how far redirects have led already, and how often it could not be had. */
export interface RobotsQuestion {
  readonly url: string;
  readonly redirects: number;
  readonly tries: number;
}

/** What the lane adds to the fetch of a robots.txt. */
export interface RobotsContext {
  /** Whether a redirect to there may be followed on the spot. */
  readonly isOwn: (url: string) => boolean;
  readonly onSent: () => void;
  readonly signal: AbortSignal;
}

export interface RobotsAnswer {
  /** What is known now; absent where the fetch was stopped, which says nothing about the file, and where it has moved. */
  readonly record?: RobotsRecord;
  /** A redirect that is not to be followed on the spot. */
  readonly moved?: { readonly url: string; readonly redirects: number };
  /** For the pace of the host that was asked. */
  readonly failure?: RequestError;
}

/** Fetches a robots.txt. Never throws: what cannot be had forbids for a while (RFC 9309, section 2.3.1.4). */
export async function fetchRobots(
  { url, redirects, tries }: RobotsQuestion,
  fetcher: Fetcher,
  now: () => number,
  context: RobotsContext,
): Promise<RobotsAnswer> {
  try {
    const answer = await fetcher.fetch({
      url,
      method: 'GET',
      headers: {},
      timeoutMs: ROBOTS_TIMEOUT_MS,
      maxBytes: MAX_TRANSFER_BYTES,
      accept: ['*'],
      maxRedirects: MAX_ROBOTS_REDIRECTS,
      redirects,
      ...context,
    });
    if (answer.kind === 'elsewhere') return { moved: { url: answer.location, redirects: answer.redirects } };
    const text = answer.body.subarray(0, MAX_ROBOTS_BYTES).toString('utf8');
    return { record: { fetchedMs: now(), expiresMs: now() + MAX_ROBOTS_AGE_MS, text } };
  } catch (error) {
    const failure = error instanceof RequestError ? error : new RequestError('internal', String(error), { cause: error });
    if (failure.status !== undefined && robotsPolicy(failure.status) === 'allow-all')
      return { record: { fetchedMs: now(), expiresMs: now() + MAX_ROBOTS_AGE_MS } };
    return context.signal.aborted ? { failure } : { failure, record: troubleRecord(url, failure, tries + 1, now()) };
  }
}

/** Nothing may be fetched for a while, longer each time: robots.txt could not be had. */
export function troubleRecord(url: string, failure: RequestError, tries: number, nowMs: number): RobotsRecord {
  const waitMs = Math.min(MAX_WAIT_MS, Math.max(failure.retryAfterMs ?? 0, FIRST_WAIT_MS * 2 ** Math.min(20, tries - 1)));
  // A host that is down is down, whichever file was asked for; a server's own refusal is robots.txt's.
  const code = failure.status === undefined ? failure.code : 'robots';
  const message = `${url} could not be had, so nothing may be fetched: ${failure.message}`;
  return { fetchedMs: nowMs, expiresMs: nowMs + waitMs, trouble: { code, message, tries } };
}
