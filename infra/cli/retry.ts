import { Readable } from 'node:stream';
import type { ErrorLine } from '../../functions/job/result.ts';
import { UsageError } from '../../functions/job/errors.ts';
import { errorsPrefix, keys } from '../../functions/job/keys.ts';
import { exitCodes } from './exit-codes.ts';
import { findJob } from './find-job.ts';
import type { RetryFlags } from './job-commands.ts';
import { countOf } from './number-text.ts';
import { openPlace } from './place.ts';
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
    await objects.putJson(jobFileKey(old.scraper, job), { job, scraper: old.scraper, input, options: old.options });
    process.stdout.write(`${job}\n`);
    process.stderr.write(`Job ${job} tries ${countOf(count, 'request')} of ${id} again. ${howToGoOn(job, place.isServed, place.flags)}\n`);
    return exitCodes.done;
  } finally {
    await place.close();
  }
}

function howToGoOn(job: string, isServed: boolean, flags: string): string {
  return isServed ? `Follow it: urldrop status ${job} --watch${flags}` : `Run it: urldrop run --resume ${job}${flags}`;
}
