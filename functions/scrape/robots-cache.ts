import { MAX_ROBOTS_AGE_MS, MAX_ROBOTS_BYTES, MAX_ROBOTS_REDIRECTS, parseRobots, robotsPolicy, type RobotsRules } from '../fetch/robots.ts';
import type { Fetcher } from '../fetch/types.ts';
import { errorKind, RequestError, type ErrorCode } from '../job/errors.ts';

/** What is known of one origin's robots.txt, as the lane's state keeps it. */
export interface RobotsRecord {
  /** ms since the epoch. */
  readonly fetchedMs: number;
  readonly expiresMs: number;
  /** The file, at most {@link MAX_ROBOTS_BYTES}; empty where there is none and all is allowed. */
  readonly text?: string;
  /** Nothing may be fetched until the record expires: robots.txt could not be had. */
  readonly trouble?: { readonly code: ErrorCode; readonly message: string; readonly tries: number };
  /** It has been asked for, and lies elsewhere: where the lane goes on when its pace lets it. */
  readonly moved?: { readonly url: string; readonly redirects: number };
}

/** What the lane adds to the fetch of a robots.txt. */
export interface RobotsContext {
  /** Whether a redirect to there may be followed on the spot. */
  readonly isOwn: (url: string) => boolean;
  readonly onSent: () => void;
  readonly signal: AbortSignal;
}

/** Time for robots.txt, ms. */
const TIMEOUT_MS = 15_000;
/** A file larger than this is not read even for its beginning. */
const MAX_TRANSFER_BYTES = 10 * MAX_ROBOTS_BYTES;
/** Wait before robots.txt is asked for again after a failure; doubles each time. */
const FIRST_WAIT_MS = 5_000;
const MAX_WAIT_MS = 300_000;

/** The robots.txt of the origins of one lane: fetched once, kept for a day at most (RFC 9309, section 2.4). */
export class RobotsCache {
  readonly #records: Map<string, RobotsRecord>;
  readonly #rules = new Map<string, RobotsRules>();
  readonly #agentToken: string;

  /** @param agentToken - the crawler's product token, as robots.txt names it. */
  constructor(records: Readonly<Record<string, RobotsRecord>>, agentToken: string) {
    this.#records = new Map(Object.entries(records));
    this.#agentToken = agentToken;
  }

  isFresh(origin: string, nowMs: number): boolean {
    return (this.#records.get(origin)?.expiresMs ?? 0) > nowMs;
  }

  /** Whether the URL must be left alone, and if for now only, until when. */
  refusal(origin: string, url: string, nowMs: number): RequestError | undefined {
    const trouble = this.#records.get(origin)?.trouble;
    if (trouble) {
      const retryAfterMs = Math.max(0, (this.#records.get(origin)?.expiresMs ?? 0) - nowMs);
      // An address that may not be reached will not be a minute later either.
      const next = errorKind(trouble.code).next === 'never' && trouble.code !== 'robots' ? 'never' : 'again';
      return new RequestError(trouble.code, trouble.message, { next, retryAfterMs });
    }
    if (this.#rulesOf(origin).allows(url)) return undefined;
    return new RequestError('robots', `${origin}/robots.txt forbids ${url} for ${this.#agentToken}.`, { next: 'never' });
  }

  /** Whether the URL is known to be allowed at this time. */
  permits(origin: string, url: string, nowMs: number): boolean {
    return this.isFresh(origin, nowMs) && this.refusal(origin, url, nowMs) === undefined;
  }

  crawlDelayMs(origin: string): number | undefined {
    return this.#rulesOf(origin).crawlDelayMs;
  }

  /**
   * Fetches an origin's robots.txt. Never throws: what cannot be had forbids for a while (RFC 9309, section 2.3.1.4).
   *
   * @returns the failure, for the lane's pace; `moved` where it is to be called again, since a redirect is not to be followed on the spot.
   */
  async load(origin: string, fetcher: Fetcher, now: () => number, context: RobotsContext): Promise<RequestError | 'moved' | undefined> {
    const known = this.#records.get(origin);
    const { url, redirects } = known?.moved ?? { url: `${origin}/robots.txt`, redirects: 0 };
    try {
      const answer = await fetcher.fetch({
        url,
        method: 'GET',
        headers: {},
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_TRANSFER_BYTES,
        accept: ['*'],
        maxRedirects: MAX_ROBOTS_REDIRECTS,
        redirects,
        ...context,
      });
      if (answer.kind === 'elsewhere') {
        this.#keep(origin, { ...known, fetchedMs: now(), expiresMs: 0, moved: { url: answer.location, redirects: answer.redirects } });
        return 'moved';
      }
      const text = answer.body.subarray(0, MAX_ROBOTS_BYTES).toString('utf8');
      this.#keep(origin, { fetchedMs: now(), expiresMs: now() + MAX_ROBOTS_AGE_MS, text });
      return undefined;
    } catch (error) {
      const failure = error instanceof RequestError ? error : new RequestError('internal', String(error), { cause: error });
      if (failure.status !== undefined && robotsPolicy(failure.status) === 'allow-all') {
        this.#keep(origin, { fetchedMs: now(), expiresMs: now() + MAX_ROBOTS_AGE_MS });
        return undefined;
      }
      // Ended because the invocation's time was up: that says nothing about the file.
      if (context.signal.aborted) return failure;
      const tries = (known?.trouble?.tries ?? 0) + 1;
      const waitMs = Math.min(MAX_WAIT_MS, Math.max(failure.retryAfterMs ?? 0, FIRST_WAIT_MS * 2 ** Math.min(20, tries - 1)));
      // A host that is down is down, whichever file was asked for; a server's own refusal is robots.txt's.
      const code = failure.status === undefined ? failure.code : 'robots';
      const message = `${url} could not be had, so nothing may be fetched: ${failure.message}`;
      this.#keep(origin, { fetchedMs: now(), expiresMs: now() + waitMs, trouble: { code, message, tries } });
      return failure;
    }
  }

  toRecords(): Record<string, RobotsRecord> {
    return Object.fromEntries(this.#records);
  }

  #keep(origin: string, record: RobotsRecord): void {
    this.#records.set(origin, record);
    this.#rules.delete(origin);
  }

  #rulesOf(origin: string): RobotsRules {
    let rules = this.#rules.get(origin);
    if (!rules) {
      rules = parseRobots(this.#records.get(origin)?.text ?? '', this.#agentToken);
      this.#rules.set(origin, rules);
    }
    return rules;
  }
}
