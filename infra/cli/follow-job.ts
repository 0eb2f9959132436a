import type { ObjectStore } from '../../functions/aws/objects.ts';
import { keys } from '../../functions/job/keys.ts';
import type { Summary } from '../../functions/job/summary.ts';

/** Looks at the summary this often even if nobody says that it changed. */
const LOOK_MS = 2_000;

/** Wakes a follower: whoever knows that a summary may have changed rings. */
export class Bell {
  #wake: () => void = () => {};
  #rung = false;

  ring(): void {
    this.#rung = true;
    this.#wake();
  }

  /** Resolves at the next ring, at once after one that nobody waited for, or after so many ms. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
    }
    this.#rung = false;
    this.#wake = () => {};
  }
}

/**
 * Follows a job through its summary until it is final.
 *
 * @param attempt - whose end it is; what the summary says of an earlier one does not count.
 * @param onSummary - called with each new state.
 * @param signal - ends the following; the promise is then rejected with its reason.
 */
export async function followJob(
  objects: ObjectStore,
  job: string,
  attempt: number,
  bell: Bell,
  onSummary: (summary: Summary) => void,
  signal: AbortSignal,
): Promise<Summary> {
  const stop = () => bell.ring();
  signal.addEventListener('abort', stop, { once: true });
  let updatedAt: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const summary = await objects.getJson<Summary>(keys.summary(job));
    if (summary && summary.attempt >= attempt && summary.updatedAt !== updatedAt) {
      updatedAt = summary.updatedAt;
      onSummary(summary);
      if (summary.finishedAt !== undefined) {
        signal.removeEventListener('abort', stop);
        return summary;
      }
    }
    await bell.wait(LOOK_MS);
  }
}
