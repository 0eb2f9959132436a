import { hostOfLane } from '../job/host-tally.ts';
import { laneOf } from '../job/lane.ts';
import type { Request } from '../job/request.ts';
import { fetchRobots, type RobotsAnswer, type RobotsQuestion } from './fetch-robots.ts';
import type { PacedFetch } from './paced-fetch.ts';
import type { SliceJob } from './slice-job.ts';

/** What the slice does for its gate. */
export interface GateTools {
  /** A request to the host starts now. */
  readonly start: () => PacedFetch;
  readonly signal: AbortSignal;
  /** These may be started. */
  readonly release: (requests: readonly Request[]) => void;
  /** This one goes on in another lane. */
  readonly sendAway: (request: Request) => void;
}

/**
 * Asks for a robots.txt as a request of the lane: in its turn, and past no redirect that needs a turn of its own.
 *
 * @param fetch - the turn, where it has been taken already.
 */
export async function askRobots(question: RobotsQuestion, job: SliceJob, gate: GateTools, fetch = gate.start()): Promise<RobotsAnswer> {
  const { tools, pace } = job;
  const answer = await fetchRobots(question, tools.fetcher, tools.now, {
    isOwn: (url) => isOnHost(url, job) && !pace.isSpaced,
    onSent: fetch.sent,
    signal: gate.signal,
  });
  fetch.ended(answer.failure);
  return answer;
}

/** Whether a URL is the lane's host's: whichever lane of the host asks, it is within the host's pace. */
export function isOnHost(url: string, { lane, laneRule }: Pick<SliceJob, 'lane' | 'laneRule'>): boolean {
  return laneOf(url, { ...laneRule, lanes: 1 }) === hostOfLane(lane);
}
