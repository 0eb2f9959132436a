import type { Cloud } from '../aws/cloud.ts';
import type { Batch } from '../job/batch.ts';
import { keys } from '../job/keys.ts';

/** Functions that must have died on a request alone before it is called a killer. */
export const DEATHS = 3;

/**
 * Starts without an end of a batch that holds one suspect request: `starts/<job>/<batch>.json`. The receive count of SQS is
 * no such verdict, since an outage of S3 raises it too.
 */
export class StartRecord {
  readonly #cloud: Cloud;
  readonly #key: string;
  #starts = 0;

  constructor(cloud: Cloud, batch: Batch) {
    this.#cloud = cloud;
    this.#key = keys.starts(batch.job, batch.id);
  }

  async count(): Promise<number> {
    this.#starts = (await this.#cloud.objects.getJson<{ starts: number }>(this.#key))?.starts ?? 0;
    return this.#starts;
  }

  /** One more, before the request is run. */
  async begin(): Promise<void> {
    await this.#cloud.objects.putJson(this.#key, { starts: this.#starts + 1 });
  }

  /** One less, when the function ends in good order without a commit. */
  async end(): Promise<void> {
    await this.#cloud.objects.putJson(this.#key, { starts: this.#starts });
  }
}
