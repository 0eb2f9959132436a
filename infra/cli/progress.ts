import { skippedTotal, type Summary } from '../../functions/job/summary.ts';
import { numberText } from '../../functions/job/number-text.ts';
import { durationText, rateText } from './number-text.ts';

/** Rate and time left are taken over this long: short enough to show a change, long enough to stand still. */
const WINDOW_MS = 15_000;
/** Between two lines where there is no bar. */
const LINE_EVERY_MS = 5_000;
const BAR_CHARS = 24;

interface Point {
  readonly ms: number;
  readonly ended: number;
}

/** Where progress goes: standard error, so that results can be piped. */
export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Shows how a job gets on: one line that is drawn anew on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #out: ProgressOutput;
  readonly #now: () => number;
  readonly #points: Point[] = [];
  #lastLineMs = Number.NEGATIVE_INFINITY;
  #drawn = false;

  /** @param now - ms, of any clock that only goes forward. */
  constructor(out: ProgressOutput, now: () => number) {
    this.#out = out;
    this.#now = now;
  }

  show(summary: Summary): void {
    const nowMs = this.#now();
    this.#points.push({ ms: nowMs, ended: endedOf(summary) });
    while (this.#points.length > 2 && nowMs - (this.#points[1]?.ms ?? nowMs) >= WINDOW_MS) this.#points.shift();
    const line = progressLine(summary, this.#perSecond());
    if (this.#out.isTTY) {
      // Carriage return and "erase to the end of the line" (ECMA-48): the line is drawn over itself.
      this.#out.write(`\r\u001B[K${line.slice(0, (this.#out.columns ?? 80) - 1)}`);
      this.#drawn = true;
    } else if (nowMs - this.#lastLineMs >= LINE_EVERY_MS) {
      this.#lastLineMs = nowMs;
      this.#out.write(`${line.replace(/^\[.*\] */, '')}\n`);
    }
  }

  /** A message of its own: the bar makes way for it. */
  say(text: string): void {
    this.clear();
    this.#out.write(`${text}\n`);
  }

  clear(): void {
    if (this.#drawn) this.#out.write('\r\u001B[K');
    this.#drawn = false;
  }

  #perSecond(): number {
    const first = this.#points[0];
    const last = this.#points.at(-1);
    if (!first || !last || last.ms === first.ms) return 0;
    return ((last.ended - first.ended) / (last.ms - first.ms)) * 1000;
  }
}

function endedOf({ requests: r }: Summary): number {
  return r.succeeded + r.failed + skippedTotal(r.skipped);
}

/**
 * One line: bar, requests ended of all, rate, errors, time left.
 *
 * @param perSecond - requests ended per second lately; 0 = not known yet.
 */
export function progressLine(summary: Summary, perSecond: number): string {
  const { total, failed, pending } = summary.requests;
  const ended = endedOf(summary);
  const share = total > 0 ? ended / total : 0;
  const full = Math.round(share * BAR_CHARS);
  const bar = `[${'#'.repeat(full)}${'.'.repeat(BAR_CHARS - full)}]`;
  const parts = [`${numberText(ended)} of ${numberText(total)}${summary.state === 'enqueueing' ? ' so far' : ''}`];
  if (perSecond > 0) parts.push(`${rateText(perSecond)} pages/s`);
  parts.push(failed === 1 ? '1 error' : `${numberText(failed)} errors`);
  if (perSecond > 0 && pending > 0 && summary.state !== 'enqueueing') parts.push(`${durationText((pending / perSecond) * 1000)} left`);
  return `${bar} ${parts.join(' · ')}`;
}
