import { setTimeout as sleep } from 'node:timers/promises';
import { parseJobFile, type JobFile } from '../../functions/enqueue/job-file.ts';
import { UsageError } from '../../functions/job/errors.ts';
import { attemptsOf, type Job } from '../../functions/job/job.ts';
import { keys } from '../../functions/job/keys.ts';
import type { Summary } from '../../functions/job/summary.ts';
import { numberText } from '../../functions/job/number-text.ts';
import { exitCodes } from './exit-codes.ts';
import { findJob, summaryOf } from './find-job.ts';
import type { RetryFlags } from './job-commands.ts';
import { countOf } from './number-text.ts';
import { openPlace, type Place } from './place.ts';
import { newJobId } from './submit-job.ts';

/** A cloud that is up has begun the attempt by then; one that is busy begins it later all the same. */
const LOOKS = 100;
const LOOK_MS = 200;

/**
 * `urldrop retry`: the failed requests of a finished job once more, as its next attempt. The wish is a file like any other that starts
 * something, so it works with any S3 client; typed twice it names the same attempt.
 *
 * @throws {UsageError} `unknown-job`, `not-finished`, `nothing-failed`.
 */
export async function retryJob(id: string, flags: RetryFlags): Promise<number> {
  const place = await openPlace(flags);
  try {
    const { objects } = place;
    const job = await findJob(place, id);
    if (job.refusal) return await startOver(place, job);
    const summary = await summaryOf(objects, id, Date.now());
    checkFinished(summary, id, place);
    const codes = flags.code?.split(',').map((code) => code.trim());
    const count = countFailed(job, summary, codes, place);
    const attempt = attemptsOf(job) + 1;
    const wish: JobFile = { job: id, retry: { attempt, ...(codes && { codes }) } };
    await objects.putJson(keys.jobFile(job.scraper, id, attempt), wish);
    if (place.isServed) await begun(place, id, attempt);
    process.stdout.write(`${id}\n`);
    process.stderr.write(`Attempt ${attempt} of job ${id} takes up ${countOf(count, 'failed request')} again. ${howToGoOn(id, place)}\n`);
    return exitCodes.done;
  } finally {
    await place.close();
  }
}

/** A job that could not begin has no requests yet: what it was dropped as is read again, as another job. */
async function startOver(place: Place, { id, scraper, source, options }: Job): Promise<number> {
  const job = newJobId(scraper);
  let file: JobFile = { scraper, options };
  if (source.endsWith('.job.json')) {
    const text = await place.objects.getText(source);
    if (text === undefined) throw new UsageError('input', `Job ${id} came from ${source}, which is not there any more. Drop it again.`);
    file = { scraper, ...parseJobFile(text, source) };
  } else if (!source.startsWith('schedule:')) file = { ...file, input: source };
  await place.objects.putJson(keys.jobFile(scraper, job), { ...file, job } satisfies JobFile);
  process.stdout.write(`${job}\n`);
  process.stderr.write(`Job ${job} is ${id} once more. ${howToGoOn(job, place)}\n`);
  return exitCodes.done;
}

function howToGoOn(job: string, { isServed, flags }: Place): string {
  return isServed ? `Follow it: urldrop status ${job} --watch${flags}` : `Run it: urldrop run --resume ${job}${flags}`;
}

function checkFinished(summary: Summary | undefined, id: string, { flags }: Place): asserts summary is Summary {
  if (summary?.state === 'finished') return;
  if (summary?.state === 'cancelled')
    throw new UsageError('not-finished', `Job ${id} was cancelled, so it is not tried again. Run its input anew: urldrop run --help`);
  const pending = summary ? `, ${numberText(summary.requests.pending)} pending` : '';
  throw new UsageError(
    'not-finished',
    `Job ${id} is still ${summary?.state ?? 'starting'}${pending}; failed requests are tried again when it has finished: urldrop status ${id} --watch${flags}`,
  );
}

/** How many requests have failed with these codes. Lines of the input that never were requests are none of them. */
function countFailed(job: Job, { errors }: Summary, codes: readonly string[] | undefined, { flags }: Place): number {
  const byCode = Object.entries(errors).map(([code, { count }]) => [code, count - (job.enqueued?.errors[code]?.count ?? 0)] as const);
  const failed = byCode.filter(([code, count]) => count > 0 && code !== 'robots');
  const chosen = codes ? byCode.filter(([code]) => codes.includes(code)) : failed;
  const count = chosen.reduce((sum, [, n]) => sum + n, 0);
  if (count > 0) return count;
  const which = codes ? ` with code ${codes.join(' or ')}` : '';
  const there = failed.length > 0 ? ` Those that failed: ${failed.map(([code, n]) => `${code} (${numberText(n)})`).join(', ')}.` : '';
  throw new UsageError('nothing-failed', `Job ${job.id} has no failed request${which}.${there} See: urldrop status ${job.id}${flags}`);
}

/** Waits until the job is a running one again, so that what is typed next sees it so. */
async function begun({ objects }: Place, id: string, attempt: number): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const job = await objects.getJson<Job>(keys.job(id));
    if (!job || attemptsOf(job) >= attempt) return;
    await sleep(LOOK_MS);
  }
}
