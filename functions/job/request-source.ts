import type { ObjectStore } from '../aws/objects.ts';
import type { Batch } from './batch.ts';
import type { Request } from './request.ts';
import { readSegment } from './segment.ts';

/** The requests of a batch in order, wherever they lie; a long run is read as it is worked, never whole. */
export class RequestSource {
  readonly #chunks: AsyncIterator<readonly Request[]> | undefined;
  #chunk: readonly Request[];
  #at = 0;
  #left: number;

  constructor(objects: ObjectStore, batch: Batch) {
    this.#left = batch.count;
    this.#chunk = batch.requests ?? [];
    this.#chunks = batch.segment && readSegment(objects, batch.segment)[Symbol.asyncIterator]();
  }

  get isEmpty(): boolean {
    return this.#left === 0;
  }

  /** The next request; undefined when the batch is empty or {@link load} must be awaited first. */
  take(): Request | undefined {
    if (this.#left === 0) return undefined;
    const request = this.#chunk[this.#at];
    if (request) {
      this.#at++;
      this.#left--;
    }
    return request;
  }

  /**
   * Reads on.
   *
   * @returns whether there is a request to take.
   * @throws {Error} if the batch holds fewer requests than it says: the segment is gone or cut short.
   */
  async load(): Promise<boolean> {
    if (this.#left === 0) return false;
    const next = await this.#chunks?.next();
    if (!next || next.done || next.value.length === 0) throw new Error(`A batch ends ${this.#left} requests early.`);
    this.#chunk = next.value;
    this.#at = 0;
    return true;
  }

  /** Releases what a reader holds open. */
  async close(): Promise<void> {
    await this.#chunks?.return?.();
  }
}
