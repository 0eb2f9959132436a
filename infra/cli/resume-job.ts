import type { Job } from '../../functions/job/job.ts';
import { keys } from '../../functions/job/keys.ts';
import { unknownJob } from './find-job.ts';
import type { LocalSession } from './local-session.ts';
import { jobFileKey } from './submit-job.ts';

/**
 * Sees to it that an interrupted job goes on. Its batches are in the queues and go on by themselves; what may be missing is the
 * start: a job that was given up before all its batches were sent is started over, with the same batch ids.
 *
 * @throws {UsageError} code `unknown-job`, with the nearest name.
 */
export async function resumeJob({ cloud }: LocalSession, job: string, dataDir: string): Promise<void> {
  const { objects } = cloud;
  const known = await objects.getJson<Job>(keys.job(job));
  if (known?.enqueued) return;
  const key = jobFileKey(scraperOf(job), job);
  if (cloud.isUploadPending(key)) return;
  const file = await objects.get(key);
  if (file) {
    await objects.put(key, file);
    return;
  }
  if (known) return;
  throw await unknownJob(objects, job, dataDir);
}

/** A job's id is `<scraper>-<day>-<time>-<hash>`. */
function scraperOf(job: string): string {
  return job.split('-').slice(0, -3).join('-');
}
