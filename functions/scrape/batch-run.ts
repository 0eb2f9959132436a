import { sendBatches } from '../aws/cloud.ts';
import type { Batch, RetryOrder } from '../job/batch.ts';
import { RequestError } from '../job/errors.ts';
import { hostOfLane } from '../job/host-tally.ts';
import type { Job } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import { laneOf, type LaneRule } from '../job/lane.ts';
import type { Outcome } from '../job/outcome.ts';
import { TallyCounter } from '../job/tally.ts';
import { scraperOfJob } from '../scraper/job-scraper.ts';
import { BatchObjects } from './batch-objects.ts';
import { followDrafts, makeChildren, retryDraft, splitDrafts } from './children.ts';
import { commitOutcome, keepUpdates, type SliceParts } from './commit.ts';
import type { Delivery, Invocation } from './delivery.ts';
import type { LaneState } from './lane-state.ts';
import { clearSuperseded, takeFailed, type Taken } from './retry-failed.ts';
import { commitSlice } from './slice-batch.ts';
import { DEATHS, StartRecord } from './start-record.ts';
import { sweepLane } from './sweep.ts';

/**
 * The exactly-once protocol for one batch, steps 0 to 8 of ARCHITECTURE.md. The outcome is the commit point: before it
 * nothing has been sent or marked seen, after it only what it names is.
 *
 * @throws what S3 or SQS answered: the batch is not committed or not finished, and must come back.
 */
export async function runBatch(invocation: Invocation, state: LaneState, delivery: Delivery): Promise<Outcome | undefined> {
  const { cloud } = invocation.tools;
  const { batch } = delivery;
  const key = keys.outcome(batch.job, batch.id);
  const [known, job] = await Promise.all([
    cloud.objects.getJson<Outcome>(key),
    invocation.jobs.get(batch.job),
    // What nearly every batch asks next comes along.
    invocation.jobs.isCancelled(batch.job),
    state.loadHost(),
  ]);
  if (!job) {
    invocation.tools.log.warn('A batch of a job that is gone is dropped.', { job: batch.job, batch: batch.id });
    await cloud.requests.delete(delivery.receiptHandle);
    return undefined;
  }
  const outcome = known ?? (await work(invocation, state, delivery, job));
  // In this order: a repeat after a crash in between does the rest again, and each step bears it.
  if (outcome.superseded) await clearSuperseded(cloud.objects, outcome.superseded);
  await sendBatches(cloud, outcome.children, invocation.tools.now());
  if (outcome.claims !== undefined) await state.addSeen(batch.job, outcome.claims);
  if (outcome.pages) await state.rememberPages(batch, job.scraper);
  if (outcome.cookies !== undefined) await state.saveCookies(batch.job, outcome.cookies);
  await state.saveHost();
  await cloud.requests.delete(delivery.receiptHandle);
  return outcome;
}

/** Steps 0 to 5 for a batch without an outcome. */
async function work(invocation: Invocation, state: LaneState, delivery: Delivery, job: Job): Promise<Outcome> {
  const { tools, jobs } = invocation;
  const { batch } = delivery;
  const startedAt = new Date(tools.now()).toISOString();
  const isRepeat = delivery.receiveCount > 1;
  const commit = (parts: SliceParts, tally: TallyCounter) => commitOutcome(invocation, batch, startedAt, parts, tally);

  if (await jobs.isCancelled(job.id)) {
    const tally = new TallyCounter();
    tally.skip('cancelled', batch.count);
    if (isRepeat) await new BatchObjects(tools.cloud.objects, job, batch).close();
    return commit({ children: [] }, tally);
  }
  const scraper = scraperOfJob(tools.scrapers, job);
  const buried = batch.buried && new RequestError('crash', 'Its batch was delivered again and again and never finished.');
  if (batch.retry) {
    const rule = { groupBy: scraper instanceof RequestError ? 'host' : scraper.politeness.groupBy, lanes: job.lanes } as const;
    const nothing = { requests: [], rest: undefined };
    const { requests, rest, ...taken } = buried ? nothing : await takeUp(invocation, batch, job, batch.retry, rule);
    const drafts = [...(rest ? [retryDraft(batch, rest)] : []), ...followDrafts(requests, rule)];
    return commit({ children: await makeChildren(tools.cloud.objects, batch, drafts, tools.now()), ...taken }, new TallyCounter());
  }
  if (buried) return commitSlice(invocation, state, batch, job, scraper, startedAt, buried);
  if (batch.sweep) {
    const tally = new TallyCounter();
    const memory = await state.pages(job.scraper);
    const forgotten = await sweepLane(tools.cloud.objects, job, batch, memory, tally, tools.now());
    if (isRepeat && forgotten.length === 0) await new BatchObjects(tools.cloud.objects, job, batch).close();
    return commit({ children: [], ...(await keepUpdates(tools, batch, forgotten)) }, tally);
  }
  if (isRepeat && batch.count > 1) {
    // What the earlier run wrote without committing must not stay beside the results of the parts.
    await new BatchObjects(tools.cloud.objects, job, batch).close();
    return commit({ children: await makeChildren(tools.cloud.objects, batch, splitDrafts(batch), tools.now()) }, new TallyCounter());
  }
  if (!isRepeat) return commitSlice(invocation, state, batch, job, scraper, startedAt);

  const starts = new StartRecord(tools.cloud, batch);
  if ((await starts.count()) >= DEATHS) {
    const error = new RequestError(
      'crash',
      `Functions died ${DEATHS} times on this request alone (out of memory, or over the time limit).`,
    );
    return commitSlice(invocation, state, batch, job, scraper, startedAt, error);
  }
  await starts.begin();
  try {
    return await commitSlice(invocation, state, batch, job, scraper, startedAt);
  } catch (error) {
    // Ended in good order: a write that failed is no death.
    await starts.end();
    throw error;
  }
}

/** The failed requests that a batch of a further attempt takes up: half of the slice is for finding them, half for what comes of it. */
function takeUp({ tools, endMs }: Invocation, { attempt = 1 }: Batch, job: Job, order: RetryOrder, rule: LaneRule): Promise<Taken> {
  const nowMs = tools.now();
  const hostOf = (url: string): string => hostOfLane(laneOf(url, rule));
  return takeFailed(tools.cloud.objects, job, attempt, order, hostOf, tools.now, nowMs + Math.max(1, (endMs - nowMs) / 2));
}
