import type { Logger } from '@aws-lambda-powertools/logger';
import type { Cloud } from '../aws/cloud.ts';
import type { ObjectStore } from '../aws/objects.ts';
import { attemptsOf, type Job } from '../job/job.ts';
import { activeJobOf, keys, prefixes } from '../job/keys.ts';
import { noteEnd, tellDue, type Channel } from './notices.ts';
import { awaitsSweep, batchesOf, isComplete, summarise, type Summary } from '../job/summary.ts';
import { emptyFold, foldNew, readFold, type FoldState } from './fold.ts';
import type { Progress } from './metrics.ts';
import { startSweep } from './start-sweep.ts';
import { reportPage } from './report-page.ts';

export interface TickTools {
  readonly cloud: Cloud;
  readonly log: Logger;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Who is told when a job has ended; absent: nobody. */
  readonly channels?: readonly Channel[];
  /** Counts what was folded; absent where nobody reads metrics. */
  readonly progress?: Pick<Progress, 'add'> | undefined;
}

/** Outcomes that a minute's listing may go through: 200 calls, $1.44 a day. All of a job's are listed, however few are new. */
const LISTED_PER_MINUTE = 200_000;

/** Minutes from one summary of a job to the next: the more batches it has had, the dearer each is, and the less it changes. */
export function minutesBetween(outcomes: number): number {
  return Math.max(1, Math.ceil(outcomes / LISTED_PER_MINUTE));
}

/**
 * Brings the summaries of all active jobs up to date, those of very large ones every so many minutes. A job that cannot be read does not hold the others.
 *
 * @param untilMs - no further outcome is read after this; the next tick goes on.
 * @returns the summaries of the jobs looked at.
 */
export async function tick(tools: TickTools, untilMs: number): Promise<Summary[]> {
  const summaries: Summary[] = [];
  const ids = new Set<string>();
  for await (const { key } of tools.cloud.objects.list(prefixes.active)) ids.add(activeJobOf(key));
  for (const id of ids) {
    try {
      const state = await readFold(tools.cloud.objects, id);
      if (!isDue(state, tools.now())) continue;
      const summary = await updateJob(tools, id, state, untilMs);
      if (summary) summaries.push(summary);
    } catch (error) {
      tools.log.error('The summary of a job could not be brought up to date; the next tick tries again.', {
        job: id,
        error: error as Error,
      });
    }
  }
  await tellDue(tools, untilMs);
  return summaries;
}

function isDue({ outcomes }: FoldState, nowMs: number): boolean {
  return Math.floor(nowMs / 60_000) % minutesBetween(outcomes) === 0;
}

/**
 * Folds what is new of one job and writes its summary; when the job is complete, the final ones, and takes it off the list.
 *
 * @param state - what was folded before.
 * @returns undefined where the job is gone.
 */
export async function updateJob(tools: TickTools, id: string, state: FoldState, untilMs: number): Promise<Summary | undefined> {
  const { now } = tools;
  const { objects } = tools.cloud;
  // The definition first: with `enqueued` in it, every root batch had been sent before the outcomes are listed.
  let job = await objects.getJson<Job>(keys.job(id));
  if (!job) {
    await objects.delete(keys.active(id));
    return undefined;
  }
  let folded = await foldNew(objects, id, state, now, untilMs);
  // More outcomes than batches cannot be: whatever was folded twice, counting afresh sets it right.
  if (job.enqueued && folded.outcomes > batchesOf(job, folded)) folded = await foldNew(objects, id, emptyFold, now, untilMs);
  if (awaitsSweep(job, folded)) job = await startSweep(tools, job, untilMs);
  const summary = await withReason(objects, summarise(job, folded, now()));
  if (folded.outcomes !== state.outcomes) {
    await objects.putJson(keys.fold(id), folded);
    tools.progress?.add(state, folded);
  }
  await objects.put(keys.summary(id), JSON.stringify(summary, undefined, 2), { contentType: 'application/json' });
  await objects.put(keys.report(id), reportPage(summary), { contentType: 'text/html; charset=utf-8' });
  if (!isComplete(job, folded)) await enforceLimits(tools, job, summary);
  // Last: a crash before this leaves the job on the list, and the next tick writes the same again.
  if (isComplete(job, folded)) {
    // A firing that was left out is no run that has ended.
    if (summary.state !== 'skipped') {
      await objects.put(keys.finished(id), JSON.stringify(summary, undefined, 2), { contentType: 'application/json' });
      await noteEnd(tools, summary, attemptsOf(job) > 1 ? `${id}@${attemptsOf(job)}` : id);
    }
    for (let attempt = attemptsOf(job); attempt >= 1; attempt--) await objects.delete(keys.active(id, attempt));
  }
  return summary;
}

/** Says why a job was cancelled, where a limit of its own was the reason. */
async function withReason(objects: ObjectStore, summary: Summary): Promise<Summary> {
  const sign = summary.state === 'cancelled' ? await objects.getText(keys.cancel(summary.id)) : undefined;
  const reason = sign && reasonIn(sign);
  return reason ? { ...summary, reason } : summary;
}

/** @param sign - the text of a stop sign: report's own is JSON, anybody else's may be anything. */
function reasonIn(sign: string): string | undefined {
  try {
    const { reason } = JSON.parse(sign) as { reason?: unknown };
    return typeof reason === 'string' ? reason : undefined;
  } catch {
    return undefined;
  }
}

/** Sets the stop sign when a job has reached a limit of its own: its batches then end as cancelled, and what is done stays. */
async function enforceLimits({ cloud, log, now }: TickTools, job: Job, summary: Summary): Promise<void> {
  const { budget, maxRequests } = job.options;
  // What was never to be fetched is no reason to stop the rest.
  const { total, skipped } = summary.requests;
  const requests = total - (skipped.limit ?? 0) - (skipped.duplicate ?? 0) - (job.enqueued?.failed ?? 0);
  const reasons = [
    budget !== undefined && summary.cost.usd >= budget
      ? `Its measured cost of $${summary.cost.usd} has reached the budget of $${budget}.`
      : [],
    maxRequests !== undefined && requests > maxRequests ? `Its ${requests} requests are more than the ${maxRequests} of maxRequests.` : [],
  ].flat();
  const [reason] = reasons;
  if (reason === undefined || (await cloud.objects.head(keys.cancel(job.id)))) return;
  log.warn('A job has reached its limit and is cancelled.', { job: job.id, reason });
  await cloud.objects.putJson(keys.cancel(job.id), { at: new Date(now()).toISOString(), reason });
}
