import { exitCodes } from './exit-codes.ts';
import { checkOut, exportTo, exportToStream } from './export-results.ts';
import { findJob } from './find-job.ts';
import type { ExportFlags } from './job-commands.ts';
import { openPlace } from './place.ts';

/** `urldrop export`: what a job has brought so far, finished or not. */
export async function exportJob(id: string, flags: ExportFlags): Promise<number> {
  if (flags.out !== undefined) await checkOut(flags.out);
  const place = await openPlace(flags);
  try {
    const job = await findJob(place, id);
    if (flags.out === undefined) await exportToStream(place.objects, job, process.stdout);
    else {
      await exportTo(place.objects, job, flags.out);
      process.stderr.write(`Results of ${id}: ${flags.out}\n`);
    }
    return exitCodes.done;
  } finally {
    await place.close();
  }
}
