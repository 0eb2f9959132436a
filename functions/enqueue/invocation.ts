import type { S3Event, SQSEvent, SQSRecord } from 'aws-lambda';
import { sendBatches } from '../aws/cloud.ts';
import type { Batch } from '../job/batch.ts';
import { planOfSchedule, planOfUpload, type ScheduleEvent } from './job-plan.ts';
import { startRetry } from './start-retry.ts';
import { continueJob, runPlan, type EnqueueMessage, type PlanTools } from './run-plan.ts';

/** A second job is begun only with this much time left. */
const MIN_JOB_MS = 120_000;

/** Any event that enqueue knows. */
export type EnqueueEvent = S3Event | SQSEvent | ScheduleEvent;

/**
 * Runs one invocation.
 *
 * @param remainingMs - what is left of it.
 * @returns for events of a queue, the messages that must come back.
 * @throws for uploads and schedules, what S3 or SQS answered: Lambda repeats the event, and all is done again alike.
 */
export async function runInvocation(tools: PlanTools, event: EnqueueEvent, remainingMs: () => number): Promise<string[] | undefined> {
  if ('kind' in event && event.kind === 'schedule') {
    await runPlan(tools, planOfSchedule(event, tools.now()), remainingMs, true);
    return undefined;
  }
  // S3's test event, and whatever else is sent by hand, has none.
  const records: readonly (S3Event['Records'][number] | SQSRecord)[] = 'Records' in event ? event.Records : [];
  const messages = records.filter((record) => 'messageId' in record);
  if (messages.length > 0) return runMessages(tools, messages, remainingMs);
  const failures: unknown[] = [];
  let isFirst = true;
  for (const record of records) {
    if (!('s3' in record)) continue;
    try {
      const plan = await planOfUpload(tools.cloud.objects, record);
      if (!plan) continue;
      if ('attempt' in plan) await startRetry(tools, plan);
      else {
        await runPlan(tools, plan, remainingMs, isFirst || remainingMs() > MIN_JOB_MS);
        isFirst = false;
      }
    } catch (error) {
      tools.log.error('A dropped file could not be enqueued.', { key: record.s3.object.key, error: error as Error });
      failures.push(error);
    }
  }
  // One upload that fails does not hold the others; the repeat finds those done.
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of ${records.length} uploads: ${String(failures[0])}`);
  return undefined;
}

async function runMessages(tools: PlanTools, records: readonly SQSRecord[], remainingMs: () => number): Promise<string[]> {
  const failed: string[] = [];
  const batches: { record: SQSRecord; batch: Batch }[] = [];
  const jobs: { record: SQSRecord; job: string }[] = [];
  for (const record of records) {
    const message = parse(record.body);
    if (message === undefined) {
      tools.log.error('A message that is neither batch nor enqueue.', { messageId: record.messageId, body: record.body.slice(0, 1_000) });
      failed.push(record.messageId);
    } else if ('kind' in message) jobs.push({ record, job: message.job });
    else batches.push({ record, batch: message });
  }
  failed.push(...(await forward(tools, batches)));
  let isFirst = true;
  for (const { record, job } of jobs) {
    try {
      await continueJob(tools, job, remainingMs, isFirst || remainingMs() > MIN_JOB_MS);
      isFirst = false;
    } catch (error) {
      tools.log.error('A job could not be enqueued further.', { job, error: error as Error });
      failed.push(record.messageId);
    }
  }
  return failed;
}

/** Puts due batches on Requests and the others back on Postponed: ten a call, and one by one where a call fails. */
async function forward(tools: PlanTools, batches: readonly { record: SQSRecord; batch: Batch }[]): Promise<string[]> {
  if (batches.length === 0) return [];
  const { cloud, now, log } = tools;
  try {
    await sendBatches(
      cloud,
      batches.map(({ batch }) => batch),
      now(),
    );
    return [];
  } catch (error) {
    if (batches.length === 1) {
      log.error('A postponed batch could not be sent.', { batch: batches[0]?.batch.id, error: error as Error });
      return batches.map(({ record }) => record.messageId);
    }
    const failed: string[] = [];
    for (const batch of batches) failed.push(...(await forward(tools, [batch])));
    return failed;
  }
}

function parse(body: string): Batch | EnqueueMessage | undefined {
  try {
    const value = JSON.parse(body) as Partial<Batch & EnqueueMessage> | null;
    if (value?.v !== 1 || typeof value.job !== 'string') return undefined;
    if (value.kind === 'enqueue') return value as EnqueueMessage;
    return typeof value.id === 'string' && typeof value.lane === 'string' && typeof value.count === 'number' ? (value as Batch) : undefined;
  } catch {
    // What is no JSON is no message of ours; the caller says so.
    return undefined;
  }
}
