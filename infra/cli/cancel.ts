import { keys } from '../../functions/job/keys.ts';
import { exitCodes } from './exit-codes.ts';
import { findJob, summaryOf } from './find-job.ts';
import { openPlace, type PlaceFlags } from './place.ts';

/** `urldrop cancel`: puts up the stop sign that every slice looks for. */
export async function cancelJob(id: string, flags: PlaceFlags): Promise<number> {
  const place = await openPlace(flags);
  try {
    await findJob(place, id);
    const summary = await summaryOf(place.objects, id, Date.now());
    if (summary?.finishedAt !== undefined) {
      process.stderr.write(`Job ${id} has ${summary.state} already.\n`);
      return exitCodes.done;
    }
    await place.objects.put(keys.cancel(id), '');
    process.stderr.write(`Job ${id} stops within a slice; what it has done is kept. Its last state: urldrop status ${id}${place.flags}\n`);
    return exitCodes.done;
  } finally {
    await place.close();
  }
}
