import type { ObjectStore } from '../aws/objects.ts';
import type { Batch } from '../job/batch.ts';
import type { Job } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import { LineWriter } from '../job/line-writer.ts';
import type { PageMemory, PageUpdate } from '../job/page-memory.ts';
import type { TallyCounter } from '../job/tally.ts';
import { goneLine } from './page-changes.ts';

/**
 * Works the batch that a whole run sends into each lane when all else of it has ended: pages that no run has reached since this one began
 * are gone.
 *
 * @returns what the lane is to forget.
 * @throws what S3 answered.
 */
export async function sweepLane(
  objects: ObjectStore,
  job: Job,
  batch: Batch,
  memory: PageMemory,
  tally: TallyCounter,
  nowMs: number,
): Promise<readonly PageUpdate[]> {
  const startedMs = Date.parse(job.createdAt);
  const updates: PageUpdate[] = [];
  const writers = [keys.results(job, batch.id), keys.changes(job, batch.id)].map((key) => new LineWriter(objects, key));
  try {
    for (const [key, record] of memory.entries()) {
      if (record.atMs >= startedMs) continue;
      updates.push([key, null]);
      tally.change('gone');
      for (const writer of writers) await writer.write(goneLine(record, nowMs));
    }
    await Promise.all(writers.map((writer) => writer.close()));
  } catch (error) {
    await Promise.all(writers.map((writer) => writer.abort()));
    throw error;
  }
  return updates;
}
