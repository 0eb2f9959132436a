import type { ErrorCount, SkipReason, Tally } from './outcome.ts';

/** The counts of one slice, while it runs. */
export class TallyCounter {
  succeeded = 0;
  failed = 0;
  followed = 0;
  items = 0;
  fetches = 0;
  wireBytes = 0;
  decodedBytes = 0;
  readonly #skipped: Partial<Record<SkipReason, number>> = {};
  readonly #errors: Record<string, ErrorCount> = {};

  skip(reason: SkipReason, count = 1): void {
    if (count > 0) this.#skipped[reason] = (this.#skipped[reason] ?? 0) + count;
  }

  /** Counts an error line under its code; the first of a code is its example. */
  error(code: string, url: string, message: string): void {
    const known = this.#errors[code];
    this.#errors[code] = known ? { ...known, count: known.count + 1 } : { count: 1, url, message };
  }

  reading(): Tally {
    const { succeeded, failed, followed, items, fetches, wireBytes, decodedBytes } = this;
    return { succeeded, failed, skipped: this.#skipped, followed, items, fetches, wireBytes, decodedBytes, errors: this.#errors };
  }
}
