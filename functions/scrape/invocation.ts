import type { SQSRecord } from 'aws-lambda';
import { crawlerToken } from '../fetch/robots.ts';
import type { Batch } from '../job/batch.ts';
import { runBatch } from './batch-run.ts';
import type { Delivery, Invocation } from './delivery.ts';
import { IdleWatch } from './idle-watch.ts';
import { JobBook } from './job-book.ts';
import { LaneState } from './lane-state.ts';
import type { Tools } from './tools.ts';
import { UsageShare } from '../job/usage-share.ts';

/** Kept of the function's time to give up what is under way, write, commit and acknowledge, ms. */
export const COMMIT_RESERVE_MS = 20_000;
/** Part of the function's time that the longest slice takes. */
const LONGEST_SLICE = 2 / 3;
/** First wait of a batch that could not be committed, s; grows with its receive count. */
const COME_BACK_SECONDS = 10;
const MAX_COME_BACK_SECONDS = 300;

interface Incoming extends Delivery {
  readonly messageId: string;
}

/**
 * Runs the batches of one SQS event: lanes side by side, the batches of a lane one after another.
 *
 * @param remainingMs - what the function's time limit leaves.
 * @param mayLast - whether slices of slow hosts may last longer than the options say, up to two thirds of that time.
 * @returns the message ids that must come back. Never throws: a thrown error would make Lambda slow the whole queue down.
 */
export async function runInvocation(
  tools: Tools,
  records: readonly SQSRecord[],
  remainingMs: number,
  mayLast: () => boolean = () => false,
): Promise<string[]> {
  const nowMs = tools.now();
  const hardEndMs = nowMs + Math.max(remainingMs - COMMIT_RESERVE_MS, remainingMs / 2);
  const invocation: Invocation = {
    tools,
    jobs: new JobBook(tools.cloud, tools.now),
    usage: new UsageShare(tools.cloud.meter, tools.options.memoryMb, tools.now),
    idle: new IdleWatch(tools.options.maxWaitMs, tools.now),
    startMs: nowMs,
    endMs: Math.min(nowMs + tools.options.sliceMs, hardEndMs),
    longEndMs: Math.min(nowMs + remainingMs * LONGEST_SLICE, hardEndMs),
    hardEndMs,
    mayLast,
  };
  const failed: string[] = [];
  const lanes = new Map<string, Incoming[]>();
  for (const record of records) {
    const delivery = read(record);
    if (!delivery) {
      tools.log.error('A message that is no batch goes to the dead-letter queue.', { messageId: record.messageId });
      failed.push(record.messageId);
      continue;
    }
    const lane = lanes.get(delivery.batch.lane);
    if (lane) lane.push(delivery);
    else lanes.set(delivery.batch.lane, [delivery]);
  }
  // A request that stands alone because functions died on its batch runs when all else is done, one such lane after another: if it kills
  // again, no innocent one is under way with it, and only its own record of starts has grown.
  const [suspect = [], sound = []] = [true, false].map((is) => [...lanes].filter(([, deliveries]) => deliveries.some(isSuspect) === is));
  const run = async ([lane, deliveries]: [string, Incoming[]], within: Invocation): Promise<void> => {
    failed.push(...(await runLane(within, lane, deliveries)));
  };
  await Promise.all(sound.map((entry) => run(entry, invocation)));
  for (const entry of suspect) {
    const endMs = Math.min(tools.now() + tools.options.sliceMs, hardEndMs);
    await run(entry, { ...invocation, endMs });
  }
  return failed;
}

function isSuspect({ batch, receiveCount }: Incoming): boolean {
  return receiveCount > 1 && batch.count === 1;
}

/** One lane's batches in order. Behind one that fails nothing is run: the order of the lane is what makes the seen-set exact. */
async function runLane(invocation: Invocation, lane: string, deliveries: readonly Incoming[]): Promise<string[]> {
  const { log, now } = invocation.tools;
  const state = new LaneState(invocation.tools.cloud, lane, crawlerToken(invocation.tools.options.userAgent));
  for (const [at, delivery] of deliveries.entries()) {
    const { batch } = delivery;
    const startedMs = now();
    try {
      const outcome = await runBatch(invocation, state, delivery);
      if (outcome) {
        const { succeeded, failed, skipped, fetches, wireBytes } = outcome;
        log.info('batch', {
          job: batch.job,
          batch: batch.id,
          lane,
          count: batch.count,
          receives: delivery.receiveCount,
          succeeded,
          failed,
          skipped,
          fetches,
          wireBytes,
          children: outcome.children.length,
          durationMs: now() - startedMs,
        });
      }
    } catch (error) {
      log.error('A batch could not be committed and comes back.', { job: batch.job, batch: batch.id, lane, error: error as Error });
      // So that the next invocation keeps the delay to what this one has sent. The batch comes back with or without it.
      await state.saveHost().catch((reason: unknown) => log.warn('The state of a host was not saved.', { lane, error: reason as Error }));
      const back = deliveries.slice(at);
      await Promise.all(back.map((d) => comeBack(invocation, d)));
      return back.map((d) => d.messageId);
    }
  }
  return [];
}

/** Shortens the wait for the next try; without it the message comes back after the queue's visibility timeout all the same. */
async function comeBack({ tools }: Invocation, delivery: Incoming): Promise<void> {
  try {
    await tools.cloud.requests.release(delivery.receiptHandle, Math.min(COME_BACK_SECONDS * delivery.receiveCount, MAX_COME_BACK_SECONDS));
  } catch (error) {
    tools.log.warn('A message waits for its visibility timeout.', { batch: delivery.batch.id, error: error as Error });
  }
}

function read(record: SQSRecord): Incoming | undefined {
  let batch: Partial<Batch> | null;
  try {
    batch = JSON.parse(record.body) as Partial<Batch> | null;
  } catch {
    // The caller logs it and lets it go to the dead-letter queue: there is nothing to be saved in it.
    return undefined;
  }
  if (batch?.v !== 1 || typeof batch.job !== 'string' || typeof batch.id !== 'string' || typeof batch.lane !== 'string') return undefined;
  return {
    batch: batch as Batch,
    receiptHandle: record.receiptHandle,
    receiveCount: Number(record.attributes.ApproximateReceiveCount),
    messageId: record.messageId,
  };
}
