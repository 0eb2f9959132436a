import type { SQSRecord } from 'aws-lambda';
import { sendBatches } from '../aws/cloud.ts';
import type { Batch } from '../job/batch.ts';
import { errorLine } from '../job/error-line.ts';
import { RequestError } from '../job/errors.ts';
import type { Job } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import { LineWriter } from '../job/line-writer.ts';
import { outcomeOf, type Outcome } from '../job/outcome.ts';
import { RequestSource } from '../job/request-source.ts';
import { emptyUsage } from '../job/summary.ts';
import { TallyCounter } from '../job/tally.ts';
import type { TickTools } from './tick.ts';

/**
 * Ends what reached a dead-letter queue, so that its job ends. The batch goes back to its lane once, marked: there what was committed
 * is finished, and what was not ends as error lines, both with the lane's seen-set. One that dies marked as well is ended here: a batch
 * that was committed has its children sent again, one that never was gets an outcome and an error line for each of its requests.
 *
 * @throws what S3 or SQS answered: the message must come back.
 */
export async function buryBatch(tools: TickTools, record: SQSRecord): Promise<void> {
  const { cloud, log, now } = tools;
  const batch = readBatch(record.body);
  if (!batch) {
    log.error('A dead letter that is no batch is dropped.', { messageId: record.messageId, body: record.body.slice(0, 1_000) });
    return;
  }
  const job = await cloud.objects.getJson<Job>(keys.job(batch.job));
  if (!job) return log.warn('A dead letter of a job that is gone is dropped.', { job: batch.job, batch: batch.id });
  if (!batch.buried) {
    const { notBefore: _, ...due } = batch;
    await sendBatches(cloud, [{ ...due, buried: true }], now());
    return log.warn('A dead letter goes back to its lane to be ended there.', { job: batch.job, batch: batch.id, lane: batch.lane });
  }
  const known = await cloud.objects.getJson<Outcome>(keys.outcome(batch.job, batch.id));
  const outcome = known ?? (await commitDead(tools, job, batch, Number(record.attributes.ApproximateReceiveCount)));
  await sendBatches(cloud, outcome.children, now());
  log.warn('A dead letter was put to rest.', {
    job: batch.job,
    batch: batch.id,
    lane: batch.lane,
    failed: outcome.failed,
    wasCommitted: known !== undefined,
  });
}

async function commitDead({ cloud, now }: TickTools, job: Job, batch: Batch, receives: number): Promise<Outcome> {
  const { objects } = cloud;
  const startedAt = new Date(now()).toISOString();
  const error = new RequestError('crash', `Its batch was delivered ${receives} times and never finished.`);
  const tally = new TallyCounter(batch.attempt);
  const errors = new LineWriter(objects, keys.errors(job, batch.id, batch.attempt));
  const source = new RequestSource(objects, batch);
  try {
    for (;;) {
      const request = source.take() ?? ((await source.load()) ? source.take() : undefined);
      if (!request) break;
      tally.failed++;
      tally.error(error.code, request.url, error.message);
      await errors.write(errorLine(request, error, request.page ?? '', new Date(now())));
    }
    await errors.close();
  } catch (failure) {
    await errors.abort();
    throw failure;
  } finally {
    await source.close();
  }
  // Results of a run that did not commit are nobody's.
  await objects.delete(keys.results(job, batch.id));
  const committedAt = new Date(now()).toISOString();
  const outcome = outcomeOf(batch, tally.reading(), { startedAt, committedAt, children: [], usage: emptyUsage });
  await objects.putJson(keys.outcome(batch.job, batch.id), outcome);
  return outcome;
}

function readBatch(body: string): Batch | undefined {
  try {
    const batch = JSON.parse(body) as Partial<Batch> | null;
    return batch?.v === 1 && typeof batch.id === 'string' && typeof batch.count === 'number' ? (batch as Batch) : undefined;
  } catch {
    // The caller logs it: what is no JSON holds no requests.
    return undefined;
  }
}
