import { parseRobots, type RobotsRules } from '../fetch/robots.ts';
import { errorKind, RequestError, type ErrorCode } from '../job/errors.ts';

/** What is known of one origin's robots.txt, as the lane's state keeps it. */
export interface RobotsRecord {
  /** ms since the epoch. */
  readonly fetchedMs: number;
  readonly expiresMs: number;
  /** The file, at most `MAX_ROBOTS_BYTES`; empty where there is none and all is allowed. */
  readonly text?: string;
  /** Nothing may be fetched until the record expires: robots.txt could not be had. */
  readonly trouble?: { readonly code: ErrorCode; readonly message: string; readonly tries: number };
  /** It has been asked for, and lies elsewhere on the host: where the lane goes on when its pace lets it. */
  readonly moved?: { readonly url: string; readonly redirects: number };
  /** It lies on another host, whose lane asks for it: the answer comes by way of `SharedRobots`. */
  readonly isElsewhere?: true;
}

/** The robots.txt of the origins of one lane, kept for a day at most (RFC 9309, section 2.4), and what they say of URLs. */
export class RobotsCache {
  readonly #records: Map<string, RobotsRecord>;
  readonly #rules = new Map<string, RobotsRules>();
  readonly #agentToken: string;

  /** @param agentToken - the crawler's product token, as robots.txt names it. */
  constructor(records: Readonly<Record<string, RobotsRecord>>, agentToken: string) {
    this.#records = new Map(Object.entries(records));
    this.#agentToken = agentToken;
  }

  /** What is known of an origin, fresh or not. */
  record(origin: string): RobotsRecord | undefined {
    return this.#records.get(origin);
  }

  keep(origin: string, record: RobotsRecord): void {
    this.#records.set(origin, record);
    this.#rules.delete(origin);
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

  /** What the site wishes about the use of its content, as written, each marked as the file's. */
  signals(origin: string): readonly string[] {
    return this.#rulesOf(origin).signals.map((signal) => `robots.txt ${signal}`);
  }

  crawlDelayMs(origin: string): number | undefined {
    return this.#rulesOf(origin).crawlDelayMs;
  }

  toRecords(): Record<string, RobotsRecord> {
    return Object.fromEntries(this.#records);
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
