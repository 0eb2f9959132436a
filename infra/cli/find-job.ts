import type { ObjectStore } from '../../functions/aws/objects.ts';
import { UsageError } from '../../functions/job/errors.ts';
import type { Job } from '../../functions/job/job.ts';
import { keys, prefixes } from '../../functions/job/keys.ts';
import { nearestName } from '../../functions/job/nearest-name.ts';
import type { Place } from './place.ts';

/** Jobs named in a message, the latest ones. */
const SHOWN_JOBS = 5;

/** @throws {UsageError} code `unknown-job`, with the nearest name. */
export async function findJob(place: Pick<Place, 'objects' | 'name'>, id: string): Promise<Job> {
  const job = await place.objects.getJson<Job>(keys.job(id));
  if (job) return job;
  throw await unknownJob(place.objects, id, place.name);
}

/** What to say of a job that is not there. */
export async function unknownJob(objects: ObjectStore, id: string, place: string): Promise<UsageError> {
  const jobs = await Array.fromAsync(objects.folders(prefixes.jobs));
  const near = nearestName(id, jobs);
  const known = jobs.length > 0 ? ` Jobs there: ${jobs.slice(-SHOWN_JOBS).join(', ')}.` : ' No job has run there.';
  return new UsageError('unknown-job', `There is no job ${id} in ${place}.${near === undefined ? known : ` Did you mean ${near}?`}`);
}
