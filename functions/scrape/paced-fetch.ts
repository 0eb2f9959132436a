import type { LanePace } from '../fetch/lane-pace.ts';
import type { RequestError } from '../job/errors.ts';
import type { Tools } from './tools.ts';

/** A request to the host from its start to its end, as the pace of the lane sees it: made when it starts, with a turn free. */
export class PacedFetch {
  readonly #tools: Pick<Tools, 'now' | 'busyMs'>;
  readonly #pace: LanePace;
  readonly #onSpaced: () => void;
  readonly #startedMs: number;
  readonly #busyMs: number;
  #isSent = false;

  /** @param onSpaced - called when the request goes out and the next one may have waited for that. */
  constructor(tools: Pick<Tools, 'now' | 'busyMs'>, pace: LanePace, onSpaced: () => void) {
    this.#tools = tools;
    this.#pace = pace;
    this.#onSpaced = onSpaced;
    this.#startedMs = tools.now();
    this.#busyMs = tools.busyMs();
    pace.started(this.#startedMs, false);
  }

  /** To be told of each time that something goes out to the host. */
  readonly sent = (): void => {
    this.#pace.sent(this.#tools.now(), !this.#isSent);
    this.#isSent = true;
    if (this.#pace.isSpaced) this.#onSpaced();
  };

  ended(failure?: RequestError): void {
    if (!this.#isSent) this.sent();
    const nowMs = this.#tools.now();
    const times = { latencyMs: nowMs - this.#startedMs, busyMs: this.#tools.busyMs() - this.#busyMs };
    if (!failure) return this.#pace.ended(nowMs, times);
    const { code, status, retryAfterMs } = failure;
    return this.#pace.ended(nowMs, {
      ...times,
      code,
      ...(status !== undefined && { status }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }

  /** There was nothing to send after all: that says nothing about the host. */
  dropped(): void {
    this.#pace.ended(this.#tools.now(), { latencyMs: 0, code: 'cancelled' });
  }
}
