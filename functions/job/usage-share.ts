import type { UsageMeter } from '../aws/usage.ts';
import type { Usage } from './outcome.ts';

/**
 * Hands the cost of an invocation to its batches: each takes what has gone by since the last one committed, so that the
 * shares add up to the whole, and nothing is counted twice.
 */
export class UsageShare {
  readonly #meter: UsageMeter;
  readonly #gigabytes: number;
  readonly #now: () => number;
  #lastMs: number;
  #last: Omit<Usage, 'gbSeconds'>;

  constructor(meter: UsageMeter, memoryMb: number, now: () => number) {
    this.#meter = meter;
    this.#gigabytes = memoryMb / 1024;
    this.#now = now;
    this.#lastMs = now();
    this.#last = meter.reading();
  }

  take(): Usage {
    const nowMs = this.#now();
    const reading = this.#meter.reading();
    const usage = {
      s3Writes: reading.s3Writes - this.#last.s3Writes,
      s3Reads: reading.s3Reads - this.#last.s3Reads,
      sqsRequests: reading.sqsRequests - this.#last.sqsRequests,
      gbSeconds: Math.round(((nowMs - this.#lastMs) / 1000) * this.#gigabytes * 1e6) / 1e6,
    };
    this.#lastMs = nowMs;
    this.#last = reading;
    return usage;
  }
}
