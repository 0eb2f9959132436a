import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '../../functions/aws/objects.ts';
import { jobId } from '../../functions/job/job-id.ts';
import type { JobOptions } from '../../functions/job/job.ts';
import { keys } from '../../functions/job/keys.ts';
import { uploadInput, type JobInput } from './job-input.ts';

/** What `urls/<scraper>/<job>.job.json` says. */
export interface JobFile {
  readonly job: string;
  readonly scraper: string;
  /** Object key of the URLs. */
  readonly input: string;
  readonly options: JobOptions;
}

export function newJobId(scraper: string): string {
  return jobId(scraper, new Date(), randomUUID());
}

export const jobFileKey = (scraper: string, job: string): string => keys.urls(scraper, `${job}.job.json`);

/** Starts a job the way any user of the bucket does: the input, then the file that names it. */
export async function submitJob(
  objects: ObjectStore,
  start: { job: string; scraper: string; input: JobInput; options: JobOptions },
): Promise<void> {
  const { job, scraper, options } = start;
  const input = await uploadInput(objects, job, start.input);
  await objects.putJson(jobFileKey(scraper, job), { job, scraper, input, options } satisfies JobFile);
}
