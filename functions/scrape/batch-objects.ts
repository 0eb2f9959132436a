import type { ObjectStore } from '../aws/objects.ts';
import type { Batch } from '../job/batch.ts';
import type { Job } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import { LineWriter } from '../job/line-writer.ts';

/**
 * The objects that one batch writes for users, keyed by its id: each whole or not there. An earlier run of the batch may have written some
 * that this one does not: those are deleted, so that a repeat leaves nothing stale. A batch that writes none closes them all the same.
 */
export class BatchObjects {
  readonly results: LineWriter;
  readonly errors: LineWriter;
  readonly changes: LineWriter;
  readonly #objects: ObjectStore;
  readonly #keys: ReadonlyMap<LineWriter, string>;

  constructor(objects: ObjectStore, job: Job, batch: Batch) {
    const [results, errors, changes] = [
      keys.results(job, batch.id),
      keys.errors(job, batch.id, batch.attempt),
      keys.changes(job, batch.id),
    ];
    this.#objects = objects;
    this.results = new LineWriter(objects, results);
    this.errors = new LineWriter(objects, errors);
    this.changes = new LineWriter(objects, changes);
    this.#keys = new Map([[this.results, results], [this.errors, errors], ...(job.incremental ? [[this.changes, changes] as const] : [])]);
  }

  /** Makes what was written visible, and deletes the others. @throws what S3 answered. */
  async close(): Promise<void> {
    const one = (writer: LineWriter, key: string) => (writer.lines === 0 ? this.#objects.delete(key) : writer.close());
    await Promise.all(Array.from(this.#keys, ([writer, key]) => one(writer, key)));
  }

  /** Gives up: nothing appears. */
  async abort(): Promise<void> {
    await Promise.all([this.results.abort(), this.errors.abort(), this.changes.abort()]);
  }
}
