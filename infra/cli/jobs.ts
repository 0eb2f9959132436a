import type { Json } from '../../functions/job/request.ts';
import { prefixes } from '../../functions/job/keys.ts';
import { skippedTotal, type Summary } from '../../functions/job/summary.ts';
import { exitCodes } from './exit-codes.ts';
import { summaryOf } from './find-job.ts';
import { durationText } from './number-text.ts';
import { openPlace, type PlaceFlags } from './place.ts';
import { table } from './table.ts';

/** `urldrop jobs`: newest first. */
export async function listJobs(flags: PlaceFlags & { json?: true }): Promise<number> {
  const place = await openPlace(flags);
  try {
    const summaries: Summary[] = [];
    for await (const job of place.objects.folders(prefixes.jobs)) {
      const summary = await summaryOf(place.objects, job, Date.now());
      if (summary) summaries.push(summary);
    }
    summaries.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
    if (flags.json) process.stdout.write(`${JSON.stringify(summaries, undefined, 2)}\n`);
    else if (summaries.length === 0) process.stderr.write(`No job in ${place.name} yet.\n`);
    else process.stdout.write(`${table(summaries.map(row), process.stdout.columns ?? 120)}\n`);
    return exitCodes.done;
  } finally {
    await place.close();
  }
}

function row({ id, state, createdAt, wallMs, requests, items }: Summary): Json {
  return {
    job: id,
    state,
    requests: requests.total,
    succeeded: requests.succeeded,
    failed: requests.failed,
    skipped: skippedTotal(requests.skipped),
    pending: requests.pending,
    items,
    took: durationText(wallMs),
    created: createdAt.slice(0, 19).replace('T', ' '),
  };
}
