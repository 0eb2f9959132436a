import { requestKey, type Request } from '../job/request.ts';
import { keyHash, type SeenSet } from '../job/seen.ts';

/**
 * Claims requests for a lane: each is taken up once per job. What is claimed here counts from the commit on, when the
 * outcome that carries the claims is there.
 */
export class Claims {
  readonly #seen: SeenSet | undefined;
  readonly #made = new Set<bigint>();

  /** @param seen - what the lane has taken up so far; undefined where the job knows its requests to be unique. */
  constructor(seen: SeenSet | undefined) {
    this.#seen = seen;
  }

  /** The claims made here. */
  get made(): readonly bigint[] {
    return [...this.#made];
  }

  /** Whether the lane has taken the request up already: sent on, it would only be skipped there. */
  knows(request: Request): boolean {
    if (!this.#seen) return false;
    const hash = keyHash(requestKey(request));
    return this.#seen.has(hash) || this.#made.has(hash);
  }

  /** @returns the request, claimed; undefined if it is another one's duplicate. */
  claim(request: Request): Request | undefined {
    if (request.claimed || !this.#seen) return request;
    const hash = keyHash(requestKey(request));
    if (this.#seen.has(hash) || this.#made.has(hash)) return undefined;
    this.#made.add(hash);
    return { ...request, claimed: true };
  }
}
