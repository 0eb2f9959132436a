import { Readable } from 'node:stream';
import { parseJobFile, type JobFile } from '../../functions/enqueue/job-file.ts';
import type { ErrorLine } from '../../functions/job/result.ts';
import { UsageError } from '../../functions/job/errors.ts';
import type { Job } from '../../functions/job/job.ts';
import { errorsPrefix, keys, prefixes } from '../../functions/job/keys.ts';
import { exitCodes } from './exit-codes.ts';
import { findJob } from './find-job.ts';
import type { RetryFlags } from './job-commands.ts';
import { countOf } from './number-text.ts';
import { openPlace, type Place } from './place.ts';
import { linesUnder, splitLines } from './result-lines.ts';
import { jobFileKey, newJobId } from './submit-job.ts';

/**
 * `urldrop retry`: the failed requests of a job as the input of another, with the same scraper and options. What never was a
 * request (a line without a URL) would fail again and is left out.
 */
export async function retryJob(id: string, flags: RetryFlags): Promise<number> {
  const place = await openPlace(flags);
  try {
    const { objects } = place;
    const old = await findJob(place, id);
    if (old.refusal) return await startOver(place, old);
    const codes = flags.code?.split(',').map((code) => code.trim());
    const job = newJobId(old.scraper);
    const input = keys.input(job, `failed-of-${id}.jsonl`);
    let count = 0;
    async function* failed(): AsyncGenerator<string> {
      for await (const line of splitLines(linesUnder(objects, errorsPrefix(old)))) {
        const error = JSON.parse(line) as ErrorLine;
        if (error.line !== undefined || (codes && !codes.includes(error.code))) continue;
        count++;
        yield `${line}\n`;
      }
    }
    await objects.putStream(input, Readable.from(failed()));
    if (count === 0) {
      await objects.delete(input);
      const which = codes ? ` with code ${codes.join(' or ')}` : '';
      throw new UsageError(
        'nothing-failed',
        `Job ${id} has no failed request${which}. Its errors by code: urldrop status ${id}${place.flags}`,
      );
    }
    const { scraper, recipe, options } = old;
    // A recipe of the bucket is read anew, as the code of a scraper is: it may be what was mended.
    const own = recipe && !recipe.source.startsWith(prefixes.recipes) ? { recipe: recipe.data } : {};
    await submit(place, { job, scraper, ...own, input, options }, `tries ${countOf(count, 'request')} of ${id} again`);
    return exitCodes.done;
  } finally {
    await place.close();
  }
}

/** A job that could not begin has no requests yet: what it was dropped as is read again. */
async function startOver(place: Place, { id, scraper, source, options }: Job): Promise<number> {
  const job = newJobId(scraper);
  let file: JobFile = { scraper, options };
  if (source.endsWith('.job.json')) {
    const text = await place.objects.getText(source);
    if (text === undefined) throw new UsageError('input', `Job ${id} came from ${source}, which is not there any more. Drop it again.`);
    file = { scraper, ...parseJobFile(text, source) };
  } else if (!source.startsWith('schedule:')) file = { ...file, input: source };
  await submit(place, { ...file, job }, `is ${id} once more`);
  return exitCodes.done;
}

async function submit(place: Place, file: JobFile & { readonly job: string }, what: string): Promise<void> {
  const { job, scraper = '' } = file;
  await place.objects.putJson(jobFileKey(scraper, job), file);
  process.stdout.write(`${job}\n`);
  process.stderr.write(`Job ${job} ${what}. ${howToGoOn(job, place.isServed, place.flags)}\n`);
}

function howToGoOn(job: string, isServed: boolean, flags: string): string {
  return isServed ? `Follow it: urldrop status ${job} --watch${flags}` : `Run it: urldrop run --resume ${job}${flags}`;
}
