import { writeFile } from 'node:fs/promises';
import { UsageError } from '../../functions/job/errors.ts';
import { attemptsOf } from '../../functions/job/job.ts';
import type { Summary } from '../../functions/job/summary.ts';
import { reportPage } from '../../functions/report/report-page.ts';
import { exitCodes } from './exit-codes.ts';
import { findJob, summaryOf } from './find-job.ts';
import { Bell, followJob } from './follow-job.ts';
import { Interrupted, listenForInterrupt } from './interrupt.ts';
import type { StatusFlags } from './job-commands.ts';
import { openPlace, type Place } from './place.ts';
import { printable } from './printable.ts';
import { Progress } from './progress.ts';
import { summaryText } from './summary-text.ts';

/** `urldrop status`: the summary as report last wrote it, or with --watch as it goes on. */
export async function showStatus(id: string, flags: StatusFlags): Promise<number> {
  const place = await openPlace(flags);
  try {
    const job = await findJob(place, id);
    const summary = flags.watch ? await watch(place, id, attemptsOf(job)) : await summaryOf(place.objects, id, Date.now());
    if (!summary) process.stderr.write(`Job ${id} has no summary yet: report writes the first one within a minute.\n`);
    else if (flags.html !== undefined) await writeReport(summary, flags.html);
    else if (flags.json) process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`);
    else process.stdout.write(`${summaryText(summary).split('\n').map(printable).join('\n')}\n`);
    return exitCodes.done;
  } finally {
    await place.close();
  }
}

/** @throws {UsageError} code `out`. */
async function writeReport(summary: Summary, file: string): Promise<void> {
  try {
    await writeFile(file, reportPage(summary));
  } catch (error) {
    throw new UsageError('out', `--html ${file}: ${(error as Error).message}.`, error);
  }
  process.stderr.write(`Report of ${summary.id}: ${file}\n`);
}

/** Until the job ends, or Ctrl-C: then the last state counts. */
async function watch(place: Place, id: string, attempt: number): Promise<Summary | undefined> {
  const progress = new Progress(process.stderr, () => performance.now());
  const interrupt = listenForInterrupt();
  let last: Summary | undefined;
  try {
    const show = (summary: Summary) => {
      last = summary;
      progress.show(summary);
    };
    return await followJob(place.objects, id, attempt, new Bell(), show, interrupt.signal);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return last;
  } finally {
    progress.clear();
    interrupt.release();
  }
}
