import type { Batch } from '../job/batch.ts';
import { keys } from '../job/keys.ts';
import { outcomeOf, type Outcome, type OutcomeParts } from '../job/outcome.ts';
import type { PageUpdate } from '../job/page-memory.ts';
import type { TallyCounter } from '../job/tally.ts';
import type { Invocation } from './delivery.ts';
import type { Tools } from './tools.ts';

/** What the work on a batch came to beside its counts. */
export type SliceParts = Omit<OutcomeParts, 'startedAt' | 'committedAt' | 'usage'>;

/** Step 5, the commit point: writes the outcome. @throws what S3 answered: the batch is not committed. */
export async function commitOutcome(
  invocation: Invocation,
  batch: Batch,
  startedAt: string,
  parts: SliceParts,
  tally: TallyCounter,
): Promise<Outcome> {
  tally.proxies = invocation.tools.fetcher.takeProxyCounts();
  const committedAt = new Date(invocation.tools.now()).toISOString();
  const outcome = outcomeOf(batch, tally.reading(), { startedAt, committedAt, ...parts, usage: invocation.usage.take() });
  await invocation.tools.cloud.objects.putJson(keys.outcome(batch.job, batch.id), outcome);
  return outcome;
}

/** Writes what the lane is to remember, before the outcome that names it. */
export async function keepUpdates({ cloud }: Tools, batch: Batch, updates: readonly PageUpdate[]): Promise<Pick<Outcome, 'pages'>> {
  if (updates.length === 0) return {};
  await cloud.objects.putJson(keys.pageUpdates(batch.job, batch.id), updates);
  return { pages: true };
}
