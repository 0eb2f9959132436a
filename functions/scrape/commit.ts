import type { Batch } from '../job/batch.ts';
import { keys } from '../job/keys.ts';
import type { Outcome } from '../job/outcome.ts';
import type { PageUpdate } from '../job/page-memory.ts';
import type { TallyCounter } from '../job/tally.ts';
import type { Invocation } from './delivery.ts';
import type { Tools } from './tools.ts';

/** What an outcome says beside its counts. */
export type OutcomeParts = Pick<Outcome, 'children'> & Partial<Pick<Outcome, 'claims' | 'cookies' | 'pages' | 'retried' | 'superseded'>>;

/** Step 5, the commit point: writes the outcome. @throws what S3 answered: the batch is not committed. */
export async function commitOutcome(
  invocation: Invocation,
  batch: Batch,
  startedAt: string,
  parts: OutcomeParts,
  tally: TallyCounter,
): Promise<Outcome> {
  tally.proxies = invocation.tools.fetcher.takeProxyCounts();
  const outcome: Outcome = {
    v: 1,
    job: batch.job,
    batch: batch.id,
    lane: batch.lane,
    startedAt,
    committedAt: new Date(invocation.tools.now()).toISOString(),
    ...tally.reading(),
    ...parts,
    usage: invocation.usage.take(),
  };
  await invocation.tools.cloud.objects.putJson(keys.outcome(batch.job, batch.id), outcome);
  return outcome;
}

/** Writes what the lane is to remember, before the outcome that names it. */
export async function keepUpdates({ cloud }: Tools, batch: Batch, updates: readonly PageUpdate[]): Promise<Pick<Outcome, 'pages'>> {
  if (updates.length === 0) return {};
  await cloud.objects.putJson(keys.pageUpdates(batch.job, batch.id), updates);
  return { pages: true };
}
