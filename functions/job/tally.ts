import type { ErrorCode } from './errors.ts';
import type { ChangeCounts, CrawlDelay, ErrorCount, ProxyCount, SkipReason, Tally } from './outcome.ts';
import { addCrawlDelays } from './summary.ts';

/** The counts of one slice, while it runs. */
export class TallyCounter {
  succeeded = 0;
  failed = 0;
  followed = 0;
  items = 0;
  fetches = 0;
  fetchMs = 0;
  wireBytes = 0;
  decodedBytes = 0;
  /** See {@link Tally.proxies}. */
  proxies: Readonly<Record<string, ProxyCount>> = {};
  #crawlDelays: Readonly<Record<string, CrawlDelay>> = {};
  readonly #attempt: number | undefined;
  readonly #skipped: Partial<Record<SkipReason, number>> = {};
  readonly #changes: { -readonly [C in keyof ChangeCounts]: number } = {};
  readonly #errors: Record<string, ErrorCount> = {};

  /** @param attempt - of the batch; absent = 1. */
  constructor(attempt?: number) {
    this.#attempt = attempt;
  }

  skip(reason: SkipReason, count = 1): void {
    if (count > 0) this.#skipped[reason] = (this.#skipped[reason] ?? 0) + count;
  }

  /** Counts a line of `changes/`. */
  change(kind: keyof ChangeCounts): void {
    this.#changes[kind] = (this.#changes[kind] ?? 0) + 1;
  }

  /** Counts an error line under its code; the first of a code is its example. */
  error(code: ErrorCode, url: string, message: string): void {
    const known = this.#errors[code];
    const example = { url, message, ...(this.#attempt !== undefined && { attempt: this.#attempt }) };
    this.#errors[code] = known ? { ...known, count: known.count + 1 } : { count: 1, ...example };
  }

  /** Notes what an origin's robots.txt asks for. */
  crawlDelay(origin: string, delay: CrawlDelay): void {
    this.#crawlDelays = addCrawlDelays(this.#crawlDelays, { [origin]: delay });
  }

  reading(): Tally {
    const { succeeded, failed, followed, items, fetches, fetchMs, wireBytes, decodedBytes, proxies } = this;
    const changes = Object.keys(this.#changes).length > 0 && { changes: this.#changes };
    return {
      succeeded,
      failed,
      skipped: this.#skipped,
      followed,
      items,
      ...changes,
      fetches,
      fetchMs,
      wireBytes,
      decodedBytes,
      errors: this.#errors,
      ...(Object.keys(this.#crawlDelays).length > 0 && { crawlDelays: this.#crawlDelays }),
      ...(Object.keys(proxies).length > 0 && { proxies }),
    };
  }
}
