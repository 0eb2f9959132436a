import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '../../functions/aws/objects.ts';
import type { JobFile } from '../../functions/enqueue/job-file.ts';
import { jobId } from '../../functions/job/job-id.ts';
import type { JobOptions } from '../../functions/job/job.ts';
import { keys } from '../../functions/job/keys.ts';
import type { Recipe } from '../../functions/job/recipe-store.ts';
import { uploadInput, type JobInput } from './job-input.ts';

/** URLs that go into the job file itself; more are an input of their own. */
const MAX_URLS_IN_FILE = 100;

export function newJobId(scraper: string): string {
  return jobId(scraper, new Date(), randomUUID());
}

/** Starts a job the way any user of the bucket does: the input, then the job file that names it. */
export async function submitJob(
  objects: ObjectStore,
  start: { job: string; scraper: string; recipe?: Recipe; input: JobInput; options: JobOptions },
): Promise<void> {
  const { job, scraper, recipe, options } = start;
  const source = await sourceOf(objects, job, start.input);
  await objects.putJson(keys.jobFile(scraper, job), {
    job,
    scraper,
    ...(recipe && { recipe: recipe.data }),
    options,
    ...source,
  } satisfies JobFile);
}

async function sourceOf(objects: ObjectStore, job: string, input: JobInput): Promise<Pick<JobFile, 'urls' | 'input'>> {
  if (input.kind === 'start') return {};
  if (input.kind === 'urls' && input.urls.length <= MAX_URLS_IN_FILE) return { urls: input.urls };
  return { input: await uploadInput(objects, job, input) };
}
