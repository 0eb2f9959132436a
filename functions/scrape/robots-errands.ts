import type { RequestError } from '../job/errors.ts';
import { laneOf } from '../job/lane.ts';
import { targetOf, type Request, type RobotsErrand } from '../job/request.ts';
import { askRobots, type GateTools } from './ask-robots.ts';
import { troubleRecord, type RobotsAnswer } from './fetch-robots.ts';
import type { Asking, SharedRobots } from './shared-robots.ts';
import type { SliceJob } from './slice-job.ts';

/** A request that has not brought an answer from another host after this time, ms, is followed by another. */
const ERRAND_MS = 900_000;

export type OnErrand = Request & { readonly errand: RobotsErrand };

export function isOnErrand(request: Request): request is OnErrand {
  return request.errand !== undefined;
}

/**
 * Requests on their way to a robots.txt that lies on another host: each goes to that host's lane, asks there at that host's pace, leaves
 * the answer where its own lane looks for it, and comes home.
 */
export class RobotsErrands {
  readonly #j: SliceJob;
  readonly #tools: GateTools;
  readonly #shared: SharedRobots;

  constructor(job: SliceJob, tools: GateTools, shared: SharedRobots) {
    this.#j = job;
    this.#tools = tools;
    this.#shared = shared;
  }

  /** Sends a request of this lane to where a redirect of its robots.txt leads. @returns what the others may know of it. */
  async send(origin: string, request: Request, { url, redirects }: NonNullable<RobotsAnswer['moved']>): Promise<Asking> {
    const { lane, state, tools } = this.#j;
    const nowMs = tools.now();
    const { trouble } = state.robots.record(origin) ?? {};
    const known = { fetchedMs: nowMs, expiresMs: 0, isElsewhere: true, ...(trouble && { trouble }) } as const;
    state.robots.keep(origin, known);
    const asking: Asking = { lane, sinceMs: nowMs, untilMs: nowMs + ERRAND_MS, isErrand: true };
    await this.#shared.errand(origin, asking, known);
    this.#sendOn({ ...request, claimed: true, errand: { origin, url, redirects, tries: trouble?.tries ?? 0 } });
    return asking;
  }

  /** Does it in this lane: a request to its host, to be called when there is a turn. */
  async run(request: OnErrand): Promise<void> {
    const { errand } = request;
    const fetch = this.#tools.start();
    const seen = await this.#shared.read(errand.origin);
    if (seen?.record && seen.record.expiresMs > this.#j.tools.now()) {
      fetch.dropped();
      return this.#sendHome(request);
    }
    const { moved, record } = await askRobots(errand, this.#j, this.#tools, fetch);
    if (moved) return this.#sendOn({ ...request, errand: { ...errand, ...moved } });
    // Stopped, since the invocation's time was up: it goes on in a child.
    if (!record) return this.#tools.sendAway(request);
    await this.#shared.answer(errand.origin, record);
    return this.#sendHome(request);
  }

  /** The host that the request was sent to is down: so its robots.txt cannot be had, and what waits for that hears of it. */
  async giveUp(request: OnErrand, error: RequestError): Promise<void> {
    const { origin, url, tries } = request.errand;
    await this.#shared.answer(origin, troubleRecord(url, error, tries + 1, this.#j.tools.now()));
    this.#sendHome(request);
  }

  #sendHome(request: OnErrand): void {
    const { errand: _, ...home } = request;
    this.#sendOn(home);
  }

  #sendOn(request: Request): void {
    const { lane, laneRule } = this.#j;
    if (laneOf(targetOf(request), laneRule) === lane) this.#tools.release([request]);
    else this.#tools.sendAway(request);
  }
}
