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
      const known = await readJob(tools.cloud.objects, id);
      if (!isDue(known.state, tools.now())) continue;
      const summary = await updateJob(tools, id, known, untilMs);
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

/** What there is of a job before its outcomes are listed. */
export interface KnownJob {
  /** With `enqueued` in it, every root batch had been sent when it was read; absent: the job is gone. */
  readonly job: Job | undefined;
  /** What was folded before. */
  readonly state: FoldState;
}

export async function readJob(objects: ObjectStore, id: string): Promise<KnownJob> {
  const [job, state] = await Promise.all([objects.getJson<Job>(keys.job(id)), readFold(objects, id)]);
  return { job, state };
}

function isDue({ outcomes }: FoldState, nowMs: number): boolean {
  return Math.floor(nowMs / 60_000) % minutesBetween(outcomes) === 0;
}

/**
 * Folds what is new of one job and writes its summary; when the job is complete, the final ones, and takes it off the list.
 *
 * @returns undefined where the job is gone.
 */
export async function updateJob(tools: TickTools, id: string, known: KnownJob, untilMs: number): Promise<Summary | undefined> {
  const { now } = tools;
  const { objects } = tools.cloud;
  const { state } = known;
  let { job } = known;
  if (!job) {
    await objects.delete(keys.active(id));
    return undefined;
  }
  let folded = await foldNew(objects, id, state, now, untilMs);
  // More outcomes than batches cannot be: whatever was folded twice, counting afresh sets it right.
  if (job.enqueued && folded.outcomes > batchesOf(job, folded)) folded = await foldNew(objects, id, emptyFold, now, untilMs);
  if (awaitsSweep(job, folded)) job = await startSweep(tools, job, untilMs);
  const summary = await withReason(objects, summarise(job, folded, now()));
  const text = JSON.stringify(summary, undefined, 2);
  // First of all: somebody may be waiting for it.
  await objects.put(keys.summary(id), text, { contentType: 'application/json' });
  await together(
    objects.put(keys.report(id), reportPage(summary), { contentType: 'text/html; charset=utf-8' }),
    keepFold(tools, id, state, folded),
  );
  if (!isComplete(job, folded)) await enforceLimits(tools, job, summary);
  else {
    // A firing that was left out is no run that has ended.
    if (summary.state !== 'skipped') {
      await objects.put(keys.finished(id), text, { contentType: 'application/json' });
      await noteEnd(tools, summary, attemptsOf(job) > 1 ? `${id}@${attemptsOf(job)}` : id);
    }
    // Last: a crash before this leaves the job on the list, and the next tick writes the same again.
    for (let attempt = attemptsOf(job); attempt >= 1; attempt--) await objects.delete(keys.active(id, attempt));
  }
  return summary;
}

/** Waits for writes that need no order. None is under way any more when one has failed: the next tick's come after them. */
async function together(...writes: Promise<void>[]): Promise<void> {
  for (const write of await Promise.allSettled(writes)) if (write.status === 'rejected') throw write.reason;
}

async function keepFold({ cloud, progress }: TickTools, id: string, state: FoldState, folded: FoldState): Promise<void> {
  if (folded.outcomes === state.outcomes) return;
  await cloud.objects.putJson(keys.fold(id), folded);
  progress?.add(state, folded);
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
