import type { LaneSender } from './lane-sender.ts';
import type { RecordReader } from './lane-record.ts';

/** A lane's place in the order of sending. */
export interface LanePlace {
  readonly low: number;
  readonly high: number;
  readonly name: string;
}

/**
 * Merges records from several sources, each in the order of its lanes' hashes, and hands all lines of a lane to the sender before
 * the next lane begins. Hosts that stand together in the input, and the lanes of one host, thus do not stand together in the queue.
 *
 * @param sources - in the order of the input; within a lane it is kept.
 * @param after - the last lane that is sent already.
 * @returns a step for each lane sent.
 */
export async function* sendLanes(sources: readonly RecordReader[], sender: LaneSender, after?: LanePlace): AsyncGenerator<LanePlace> {
  const live = new Set(sources);
  const isSent = (lane: LanePlace): boolean => after !== undefined && compare(lane, after) <= 0;
  for (const source of sources) {
    await advance(source, live);
    while (live.has(source) && isSent(source)) await advance(source, live);
  }
  while (live.size > 0) {
    const lane = least(live);
    sender.begin(lane.name);
    for (const source of live) {
      while (live.has(source) && compare(source, lane) === 0) {
        while (source.hasLine) {
          const pause = sender.add(source);
          if (pause) await pause;
        }
        await advance(source, live);
      }
    }
    const pause = sender.end();
    if (pause) await pause;
    yield lane;
  }
}

async function advance(source: RecordReader, live: Set<RecordReader>): Promise<void> {
  if (!(await source.advance())) live.delete(source);
}

function least(live: Iterable<RecordReader>): LanePlace {
  let first: RecordReader | undefined;
  for (const source of live) if (!first || compare(source, first) < 0) first = source;
  return { low: first?.low ?? 0, high: first?.high ?? 0, name: first?.name ?? '' };
}

function compare(a: LanePlace, b: LanePlace): number {
  return a.low - b.low || a.high - b.high || (a.name < b.name ? -1 : Number(a.name > b.name));
}
