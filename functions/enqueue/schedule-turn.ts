import type { ObjectStore } from '../aws/objects.ts';
import type { Job } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import type { Summary } from '../job/summary.ts';
import type { EnqueueTools } from './enqueue-job.ts';
import type { JobPlan } from './job-plan.ts';

/** `state/schedules/<scraper>.json`: the run that has the turn. */
interface Turn {
  readonly v: 1;
  readonly job: string;
  readonly takenAt: string;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A function lives for 10 minutes at most: one that took the turn and has written no job by then died. */
const START_MS = 15 * MINUTE_MS;
/** The events of a job that is still being enqueued are tried again for a day at most. */
const ENQUEUE_MS = 2 * DAY_MS;
/** SQS keeps a message for 14 days (AWS SQS quotas): a job that has committed nothing for longer has no message left. */
const SILENCE_MS = 15 * DAY_MS;
/** Others take the turn in between at most so often: each of them is a firing of its own. */
const MAX_TRIES = 10;

/**
 * Takes the turn for a firing of a schedule, unless the run that has it is at work. The turn changes hands by conditional writes, so of
 * firings that come together, twice or late, one has it; it is never given back, but taken over from a run that has ended or died.
 *
 * @returns undefined with the turn taken (now or by an earlier delivery); else the job that has it.
 * @throws what S3 answered: the event comes again.
 */
export async function takeTurn({ cloud, now }: Pick<EnqueueTools, 'cloud' | 'now'>, { id, scraper }: JobPlan): Promise<string | undefined> {
  const { objects } = cloud;
  const key = keys.turn(scraper);
  const turn: Turn = { v: 1, job: id, takenAt: new Date(now()).toISOString() };
  for (let tries = 1; ; tries++) {
    const found = await objects.head(key);
    const holder = found && (await objects.getJson<Turn>(key));
    if (holder?.job === id) return undefined;
    if (holder && (tries > MAX_TRIES || (await isAtWork(objects, holder, now())))) return holder.job;
    // Where the object changed between the two reads, the condition fails and all is looked at again.
    if (await objects.putJsonIf(key, turn, found ? { etag: found.etag } : 'absent')) return undefined;
  }
}

async function isAtWork(objects: ObjectStore, { job: id, takenAt }: Turn, nowMs: number): Promise<boolean> {
  const [summary, job] = await Promise.all([objects.getJson<Summary>(keys.summary(id)), objects.getJson<Job>(keys.job(id))]);
  if (!job) return nowMs - Date.parse(takenAt) < START_MS;
  if (summary?.finishedAt !== undefined) return false;
  if (!job.enqueued) return nowMs - Date.parse(job.createdAt) < ENQUEUE_MS;
  return nowMs - Math.max(Date.parse(job.enqueued.at), Date.parse(summary?.lastCommitAt ?? job.enqueued.at)) < SILENCE_MS;
}
