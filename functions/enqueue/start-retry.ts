import { sendBatches, type Cloud } from '../aws/cloud.ts';
import { batchId, type Batch } from '../job/batch.ts';
import { attemptsOf, type Job } from '../job/job.ts';
import { keys, prefixes } from '../job/keys.ts';
import { laneKey } from '../job/lane.ts';
import type { Summary } from '../job/summary.ts';
import { RequestError } from '../job/errors.ts';
import { findScraper } from './find-scraper.ts';
import type { PlanTools } from './run-plan.ts';

/** What a dropped job file with `retry` asks for. */
export interface RetryPlan {
  readonly job: string;
  /** Number of the attempt, 2 or more: the same file, or the same command typed twice, asks for the same attempt. */
  readonly attempt: number;
  readonly codes?: readonly string[];
  /** Time of the upload. */
  readonly at: Date;
}

/**
 * Begins a further attempt of a finished job: `job.json` with one more root batch in it, which makes the job a running one again, then
 * that batch. It takes up the failed requests under the protocol (`scrape/retry-failed.ts`). A repeat sends the same batch, whose outcome
 * counts once; an attempt that is not the job's next or latest one is left alone.
 *
 * @throws what S3 or SQS answered: the event must come again.
 */
export async function startRetry(
  { cloud, now, log, scrapers }: Pick<PlanTools, 'cloud' | 'now' | 'log' | 'scrapers'>,
  plan: RetryPlan,
): Promise<void> {
  const { objects } = cloud;
  const { attempt } = plan;
  const job = await objects.getJson<Job>(keys.job(plan.job));
  if (!job) return log.warn('A job that is to be tried again is gone.', { job: plan.job });
  if (attempt === attemptsOf(job) + 1) {
    const summary = await objects.getJson<Summary>(keys.summary(job.id));
    if (summary?.state !== 'finished' || summary.attempt !== attempt - 1)
      return log.warn('A job is tried again only when it has finished.', { job: job.id, attempt, state: summary?.state });
    await record(cloud, { ...job, ...(await recipeNow(scrapers, cloud, job)) }, summary, plan);
  } else if (attempt !== attemptsOf(job)) return log.warn('An attempt is asked for out of turn.', { job: job.id, attempt });
  await objects.put(keys.active(job.id, attempt), '');
  const { codes } = job.retries?.[attempt - 2] ?? plan;
  const root: Batch = {
    v: 1,
    job: job.id,
    id: batchId(job.id, `attempt-${attempt}`),
    lane: `retry/${laneKey(job.id)}`,
    count: 0,
    attempt,
    retry: codes ? { codes } : {},
  };
  await sendBatches(cloud, [root], now());
  log.info('A job is tried again.', { job: job.id, attempt, codes });
}

/** A recipe of the bucket is read anew, as the code of a scraper is: it may be what was mended. One with faults is not taken. */
async function recipeNow(scrapers: PlanTools['scrapers'], { objects }: Cloud, { scraper, recipe }: Job): Promise<Pick<Job, 'recipe'>> {
  if (!recipe?.source.startsWith(prefixes.recipes)) return {};
  const found = await findScraper(scrapers, objects, scraper);
  return found instanceof RequestError || !found.recipe ? {} : { recipe: found.recipe };
}

async function record({ objects }: Cloud, job: Job, { wallMs }: Summary, { codes, at }: RetryPlan): Promise<void> {
  // A stop sign that came too late for the last attempt is not meant for this one.
  await objects.delete(keys.cancel(job.id));
  const retry = { at: at.toISOString(), ...(codes && { codes }), wallMs };
  await objects.putJson(keys.job(job.id), { ...job, retries: [...(job.retries ?? []), retry] } satisfies Job);
}
