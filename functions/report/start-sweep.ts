import { sendBatches } from '../aws/cloud.ts';
import { batchId, type Batch } from '../job/batch.ts';
import type { Job } from '../job/job.ts';
import { keys, laneOfPages, prefixes } from '../job/keys.ts';
import type { TickTools } from './tick.ts';

/** Lanes told by one round of calls. */
const LANES_AT_ONCE = 1_000;
/** `jobs/<job>/sweep.json`: how far the lanes have been told. */
interface SweepState {
  readonly v: 1;
  readonly sent: number;
  readonly after?: string;
}

/**
 * Sends a batch into every lane that remembers pages of the scraper. Ids follow from job and lane, so telling a lane twice is telling it
 * once; the count of them in `job.json`, written last, makes them batches of the job.
 *
 * @returns the job as it then is; the same where time was up, and the next tick goes on.
 */
export async function startSweep({ cloud, now, log }: TickTools, job: Job, untilMs: number): Promise<Job> {
  const { objects } = cloud;
  const key = keys.sweep(job.id);
  let state = (await objects.getJson<SweepState>(key)) ?? { v: 1, sent: 0 };
  let lanes: string[] = [];
  const tell = async (after: string): Promise<void> => {
    await sendBatches(
      cloud,
      lanes.map((lane): Batch => ({ v: 1, job: job.id, id: batchId(job.id, `sweep@${lane}`), lane, count: 0, sweep: true })),
      now(),
    );
    state = { v: 1, sent: state.sent + lanes.length, after };
    lanes = [];
    await objects.putJson(key, state);
  };
  let last = state.after ?? '';
  for await (const object of objects.list(prefixes.pages(job.scraper), state.after)) {
    lanes.push(laneOfPages(object.key));
    last = object.key;
    if (lanes.length < LANES_AT_ONCE) continue;
    await tell(last);
    if (now() >= untilMs) return job;
  }
  if (lanes.length > 0) await tell(last);
  const swept: Job = { ...job, swept: state.sent };
  await objects.putJson(keys.job(job.id), swept);
  log.info('A whole run has ended: its lanes look for pages that it has not reached.', { job: job.id, lanes: state.sent });
  return swept;
}
