import { attemptsOf, type Job } from '../../functions/job/job.ts';
import { keys } from '../../functions/job/keys.ts';
import { unknownJob } from './find-job.ts';
import type { LocalSession } from './local-session.ts';

/**
 * Sees to it that an interrupted job goes on. Its batches are in the queues and go on by themselves; what may be missing is the
 * start: a job that was given up before all its batches were sent is started over, with the same batch ids.
 *
 * @returns the attempt that goes on.
 * @throws {UsageError} code `unknown-job`, with the nearest name.
 */
export async function resumeJob({ cloud }: LocalSession, job: string, dataDir: string): Promise<number> {
  const { objects } = cloud;
  const known = await objects.getJson<Job>(keys.job(job));
  if (known?.enqueued) {
    // It may be complete, and then nothing happens that a tick would come after.
    void cloud.tick();
    const attempt = attemptsOf(known);
    return cloud.isUploadPending(keys.jobFile(known.scraper, job, attempt + 1)) ? attempt + 1 : attempt;
  }
  const key = keys.jobFile(scraperOf(job), job);
  if (cloud.isUploadPending(key)) return 1;
  const file = await objects.get(key);
  if (file) {
    await objects.put(key, file);
    return 1;
  }
  if (known) return 1;
  throw await unknownJob(objects, job, dataDir);
}

/** A job's id is `<scraper>-<day>-<time>-<hash>`. */
function scraperOf(job: string): string {
  return job.split('-').slice(0, -3).join('-');
}
