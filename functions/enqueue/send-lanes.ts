import type { Cloud } from '../aws/cloud.ts';
import { packed, type OutgoingMessage } from '../aws/queue.ts';
import { batchId, MAX_INLINE_BYTES, REQUESTS_PER_MEMBER, type SegmentRange } from '../job/batch.ts';
import { keys } from '../job/keys.ts';
import { writeSegment } from '../job/segment.ts';
import { MAX_LINE_BYTES } from '../urls/types.ts';
import type { LaneStore } from './lane-store.ts';
import type { LaneRun } from './lane-table.ts';

/** SendMessageBatch calls in flight: with 20 ms a call, 8,000 messages a second. */
const CALLS_IN_FLIGHT = 16;
/** More than a line can take. */
const LINE_ROOM = 2 * MAX_LINE_BYTES;
const [COMMA, OPEN, CLOSE, LF] = [44, 91, 93, 10] as const;

/**
 * Sends the requests of lanes, one message each: small runs in the message, the others as one segment object, which is there before
 * the first message. The same lanes give the same object, message ids and bodies, so a repeat changes nothing.
 *
 * @param segment - names the segment, and the batches together with their lanes.
 */
export async function sendLanes(cloud: Cloud, job: string, segment: string, store: LaneStore, lanes: readonly LaneRun[]): Promise<void> {
  const writer = new RunWriter(store);
  const large = lanes.filter((lane) => lane.lineBytes + lane.count + 1 > MAX_INLINE_BYTES);
  const runs = large.map((lane) => writer.members(lane));
  const ranges = large.length > 0 ? await writeSegment(cloud.objects, keys.segment(job, segment), runs) : [];
  const rangeOf = new Map(large.map((lane, i) => [lane, ranges[i]]));
  // By hash: the shards of a host, and hosts that stand together in the input, do not stand together in the queue.
  const mixed = lanes.toSorted((a, b) => a.low - b.low || a.high - b.high);
  await sendAll(cloud, packed(messages(job, segment, mixed, rangeOf, writer)));
}

function* messages(
  job: string,
  segment: string,
  lanes: readonly LaneRun[],
  rangeOf: ReadonlyMap<LaneRun, SegmentRange | undefined>,
  writer: RunWriter,
): Generator<OutgoingMessage> {
  for (const lane of lanes) {
    const id = batchId(job, `${segment}@${lane.name}`);
    const range = rangeOf.get(lane);
    // A Batch, put together as text: its requests are JSON already.
    const head = JSON.stringify({ v: 1, job, id, lane: lane.name, count: lane.count }).slice(0, -1);
    const body = range ? `${head},"segment":${JSON.stringify(range)}}` : `${head},"requests":${writer.array(lane)}}`;
    yield { body, group: lane.name, deduplicationId: id };
  }
}

/** Keeps several calls in flight; a lane has one message here, so its order is safe. */
async function sendAll(cloud: Cloud, calls: Generator<OutgoingMessage[]>): Promise<void> {
  let failure: unknown;
  const send = async (): Promise<void> => {
    for (const call of calls) {
      if (failure !== undefined) return;
      try {
        await cloud.requests.send(call);
      } catch (error) {
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, send));
  if (failure !== undefined) throw failure;
}

/** Unpacks the lines of lanes into one buffer, used again and again. */
class RunWriter {
  readonly #store: LaneStore;
  #out = Buffer.alloc(LINE_ROOM);

  constructor(store: LaneStore) {
    this.#store = store;
  }

  /** A lane's lines as a JSON array. */
  array(lane: LaneRun): string {
    const reader = this.#store.read(lane);
    this.#reserve(0, lane.lineBytes + lane.count + 2);
    let end = 0;
    this.#out[end++] = OPEN;
    while (reader.left > 0) {
      end = reader.next(this.#out, end);
      this.#out[end++] = reader.left > 0 ? COMMA : CLOSE;
    }
    return this.#out.toString('utf8', 0, end);
  }

  /** A lane's lines as the texts of gzip members; each is valid until the next is asked for. */
  *members(lane: LaneRun): Generator<Buffer> {
    const reader = this.#store.read(lane);
    while (reader.left > 0) {
      let end = 0;
      for (let n = 0; n < REQUESTS_PER_MEMBER && reader.left > 0; n++) {
        this.#reserve(end, LINE_ROOM);
        end = reader.next(this.#out, end);
        this.#out[end++] = LF;
      }
      yield this.#out.subarray(0, end);
    }
  }

  #reserve(end: number, bytes: number): void {
    if (end + bytes <= this.#out.length) return;
    const larger = Buffer.alloc(Math.max(this.#out.length * 2, end + bytes));
    this.#out.copy(larger, 0, 0, end);
    this.#out = larger;
  }
}
