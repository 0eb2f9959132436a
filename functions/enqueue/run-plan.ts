import { batchId } from '../job/batch.ts';
import { RequestError, UsageError } from '../job/errors.ts';
import type { Job, Refusal } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import { lanesFor } from '../job/lane.ts';
import { LineWriter } from '../job/line-writer.ts';
import type { ErrorLine } from '../job/result.ts';
import { scraperOfJob } from '../scraper/job-scraper.ts';
import { scraperOptions } from '../scraper/scraper-options.ts';
import type { Scraper } from '../scraper/types.ts';
import { enqueueJob, type EnqueueTools } from './enqueue-job.ts';
import { findScraper } from './find-scraper.ts';
import type { JobPlan } from './job-plan.ts';
import { takeTurn } from './schedule-turn.ts';
import { writeStart } from './start-inputs.ts';

export interface PlanTools extends EnqueueTools {
  /** Lanes wanted per host; absent: 1. */
  readonly minLanes?: number;
  /** Requests in flight that a lane may have; absent: see `lanesFor`. */
  readonly maxPerLane?: number;
  readonly scrapers: Readonly<Record<string, Scraper>>;
}

/** What a scraper allows that sets no limit. */
const NO_LIMIT = scraperOptions.follow.maxRequests.default;
/** What enqueue may read of the bucket, and sitemaps of the web. */
const READABLE = /^(urls\/|jobs\/|sitemap:)/;

/** Body of a message on Postponed: a job whose enqueue goes on. */
export interface EnqueueMessage {
  readonly v: 1;
  readonly kind: 'enqueue';
  readonly job: string;
}

/**
 * Makes a job of a plan and enqueues it. A plan that cannot become a job ends at once with an error line and a summary that says why.
 * A job that is enqueued already is left alone, so the same event may come any number of times.
 *
 * @param mayWork - whether there is time to enqueue in this invocation; else the job goes on in another.
 * @throws what S3 or SQS answered: the event must come again.
 */
export async function runPlan(tools: PlanTools, plan: JobPlan, remainingMs: () => number, mayWork: boolean): Promise<void> {
  const { objects } = tools.cloud;
  const known = await objects.getJson<Job>(keys.job(plan.id));
  if (known?.enqueued) return;
  const start = known ?? (await startJob(tools, plan));
  const job = start instanceof RequestError ? await writeFirst(tools, refused(bareJob(tools, plan), start)) : start;
  if (job.refusal) await failJob(tools, job, job.refusal);
  else if (job.skippedFor !== undefined) await skipJob(tools, job);
  else await goOn(tools, job, remainingMs, mayWork, known === undefined);
}

/** Goes on with a job that an earlier invocation began; one that is gone or enqueued is left alone. */
export async function continueJob(tools: PlanTools, id: string, remainingMs: () => number, mayWork: boolean): Promise<void> {
  const job = await tools.cloud.objects.getJson<Job>(keys.job(id));
  if (job && !job.enqueued) await goOn(tools, job, remainingMs, mayWork, false);
}

/** @param isNew - no earlier invocation is known to have begun: there is no state of it to look for. */
async function goOn(tools: PlanTools, job: Job, remainingMs: () => number, mayWork: boolean, isNew: boolean): Promise<void> {
  const { objects, postponed } = tools.cloud;
  // Behind job.json: report takes a job without one off the list.
  await objects.put(keys.active(job.id), '');
  const scraper = scraperOfJob(tools.scrapers, job);
  if (scraper instanceof RequestError) {
    const ended = refused(job, scraper);
    await objects.putJson(keys.job(job.id), ended);
    return failJob(tools, ended, scraper);
  }
  if (mayWork && (await enqueueJob(tools, job, scraper, remainingMs, isNew))) return;
  await postponed.send([{ body: JSON.stringify({ v: 1, kind: 'enqueue', job: job.id } satisfies EnqueueMessage) }]);
}

/** Writes `job.json` for the first time; from then on its inputs, lanes and budget are fixed, and whether a schedule's run takes place. */
async function startJob(tools: PlanTools, plan: JobPlan): Promise<Job | RequestError> {
  if (plan.fault) return new RequestError('bad-line', oneLine(plan.fault.message));
  const found = await findScraper(tools.scrapers, tools.cloud.objects, plan.scraper, plan.recipe);
  if (found instanceof RequestError) return found;
  const { scraper, recipe } = found;
  const atWork = plan.isScheduled && scraper.overlap === 'skip' ? await takeTurn(tools, plan) : undefined;
  if (atWork !== undefined) return writeFirst(tools, { ...bareJob(tools, plan), skippedFor: atWork });
  const { concurrency, delay } = { ...scraper.politeness, ...plan.options };
  const inputs = await planInputs(tools, plan, scraper);
  if (inputs instanceof RequestError) return inputs;
  const { maxRequests } = scraper;
  const job: Job = {
    ...bareJob(tools, plan),
    // Of the scraper's options the one that report holds, which knows no scrapers.
    options: { ...(maxRequests !== undefined && maxRequests < NO_LIMIT && { maxRequests }), ...plan.options },
    // Cookies are kept by lane, and so is what is known of pages, from job to job: a host whose session or past matters has one.
    lanes: scraper.request.cookies === 'keep' || scraper.incremental ? 1 : lanesFor(concurrency, delay, tools),
    ...(scraper.incremental && { incremental: plan.fromScraper ? 'whole' : 'part' }),
    ...(inputs && { inputs }),
    ...(plan.etag !== undefined && { etag: plan.etag }),
    ...(recipe && { recipe }),
  };
  return writeFirst(tools, job);
}

/** Of several deliveries of one event the first decides. */
async function writeFirst({ cloud }: PlanTools, job: Job): Promise<Job> {
  const isFirst = await cloud.objects.putJsonIf(keys.job(job.id), job, 'absent');
  return (isFirst ? undefined : await cloud.objects.getJson<Job>(keys.job(job.id))) ?? job;
}

/** Ends a firing that is left out: a job without requests, so that whoever looks for the run finds what became of it. */
async function skipJob({ cloud, now, log }: PlanTools, job: Job): Promise<void> {
  await cloud.objects.put(keys.active(job.id), '');
  const nothing = { requests: 0, roots: 0, duplicates: 0, failed: 0, errors: {}, hosts: 0, at: new Date(now()).toISOString() };
  await cloud.objects.putJson(keys.job(job.id), { ...job, enqueued: nothing } satisfies Job);
  log.warn('A firing of a schedule is left out: an earlier run is at work.', { job: job.id, scraper: job.scraper, atWork: job.skippedFor });
}

function bareJob(tools: PlanTools, plan: JobPlan): Job {
  const { id, source, options } = plan;
  const createdAt = plan.at.toISOString();
  // The name of a folder may be anything; that of a scraper is fit for keys.
  const scraper = Object.hasOwn(tools.scrapers, plan.scraper) ? plan.scraper : plan.scraper.replaceAll(/[^\w.-]+/g, '-');
  return {
    v: 1,
    id,
    scraper,
    date: createdAt.slice(0, 10),
    createdAt,
    source,
    options,
    lanes: 1,
    unique: false,
    budgetBytes: tools.budgetBytes,
  };
}

async function planInputs({ cloud }: PlanTools, plan: JobPlan, scraper: Scraper): Promise<readonly string[] | undefined | RequestError> {
  const { id, input, urls } = plan;
  const start = plan.fromScraper ? scraper.start : plan.start;
  if (plan.fromScraper && start === undefined)
    return new RequestError(
      'bad-line',
      `${plan.source} names no URLs, and the scraper ${scraper.name} has no start. Name some, or give the scraper a start.`,
    );
  if (input === undefined && urls === undefined && start === undefined) return undefined;
  const inputs = input === undefined ? [] : [input];
  try {
    if (urls) inputs.push(...(await writeStart(cloud.objects, id, () => urls, 'urls')));
    if (start !== undefined) inputs.push(...(await writeStart(cloud.objects, id, start)));
    const hidden = inputs.find((key) => !READABLE.test(key));
    if (hidden !== undefined)
      return new RequestError(
        'bad-line',
        `${plan.source} names ${hidden} as a file of URLs. Put it under urls/ or jobs/: others are not read.`,
      );
  } catch (error) {
    if (error instanceof UsageError) return new RequestError('bad-line', oneLine(error.message));
    // What a scraper's own function throws would be thrown each time; what S3 answers may pass.
    if (typeof start !== 'function' || isAws(error)) throw error;
    return new RequestError('parse', `The start of the scraper ${scraper.name} failed: ${oneLine(String(error))}`);
  }
  return inputs;
}

/** A job that cannot begin, or go on: a repeat comes to the same end, whatever has been mended meanwhile. */
function refused(job: Job, { code, message }: Refusal): Job {
  return { ...job, refusal: { code, message } };
}

/** Ends a refused job: one error line, and the commit. */
async function failJob({ cloud, now, log }: PlanTools, job: Job, { code, message }: Refusal): Promise<void> {
  const { objects } = cloud;
  const url = job.source;
  await objects.put(keys.active(job.id), '');
  const errors = new LineWriter(objects, keys.errors(job, batchId(job.id, 'errors@0')));
  await errors.write({ url, page: '', code, message, attempts: 0, at: job.createdAt } satisfies ErrorLine);
  await errors.close();
  const accounts = { requests: 1, roots: 0, duplicates: 0, failed: 1, errors: { [code]: { count: 1, url, message } }, hosts: 0 };
  await objects.putJson(keys.job(job.id), { ...job, enqueued: { ...accounts, at: new Date(now()).toISOString() } } satisfies Job);
  log.warn('A job could not be enqueued.', { job: job.id, source: url, code, message });
}

function isAws(error: unknown): boolean {
  return typeof error === 'object' && error !== null && '$metadata' in error;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}
