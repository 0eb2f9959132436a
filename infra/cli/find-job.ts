import type { ObjectStore } from '../../functions/aws/objects.ts';
import { UsageError } from '../../functions/job/errors.ts';
import { attemptsOf, type Job } from '../../functions/job/job.ts';
import { keys, prefixes } from '../../functions/job/keys.ts';
import { nearestName } from '../../functions/job/nearest-name.ts';
import { summarise, type Summary } from '../../functions/job/summary.ts';
import { emptyFold } from '../../functions/report/fold.ts';
import type { Place } from './place.ts';

/** Jobs named in a message, the latest ones. */
const SHOWN_JOBS = 5;

/** @throws {UsageError} code `unknown-job`, with the nearest name. */
export async function findJob(place: Pick<Place, 'objects' | 'name'>, id: string): Promise<Job> {
  const job = await place.objects.getJson<Job>(keys.job(id));
  if (job) return job;
  throw await unknownJob(place.objects, id, place.name);
}

/**
 * Where a job stands as report last wrote it. A job that has started since the last tick is summed up here, with nothing folded yet,
 * so that it can be seen and cancelled from its first second on; so it is with an attempt.
 *
 * @returns undefined where there is no such job.
 */
export async function summaryOf(objects: ObjectStore, id: string, nowMs: number): Promise<Summary | undefined> {
  const [written, job] = await Promise.all([objects.getJson<Summary>(keys.summary(id)), objects.getJson<Job>(keys.job(id))]);
  if (!written || !job) return written ?? (job && summarise(job, emptyFold, nowMs));
  const attempt = attemptsOf(job);
  if (written.attempt >= attempt) return written;
  const { finishedAt: _, ...running } = written;
  return { ...running, attempt, state: 'running' };
}

/** What to say of a job that is not there. */
export async function unknownJob(objects: ObjectStore, id: string, place: string): Promise<UsageError> {
  const jobs = await Array.fromAsync(objects.folders(prefixes.jobs));
  const near = nearestName(id, jobs);
  const known = jobs.length > 0 ? ` Jobs there: ${jobs.slice(-SHOWN_JOBS).join(', ')}.` : ' No job has run there.';
  return new UsageError('unknown-job', `There is no job ${id} in ${place}.${near === undefined ? known : ` Did you mean ${near}?`}`);
}
