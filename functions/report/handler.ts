import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { connect } from '../aws/cloud.ts';
import { log } from '../log.ts';
import { readOptions } from '../options.ts';
import { channelsOf } from './channels.ts';
import { buryBatch } from './dead-letters.ts';
import { Progress } from './metrics.ts';
import { tick } from './tick.ts';

/** Kept of the function's time to write the summaries, ms. */
const WRITE_RESERVE_MS = 10_000;

const options = readOptions(process.env);
// Metrics go where the stack names a namespace for them, which is nowhere on a laptop: they are written to the log, as JSON.
const progress = process.env['POWERTOOLS_METRICS_NAMESPACE'] === undefined ? undefined : new Progress(new Metrics());
const tools = { cloud: connect(options), log, now: Date.now, progress, channels: channelsOf(options) };

/** Lambda's door: dead letters from SQS; anything else (the rule that fires every minute) is a tick. */
export async function handler(event: Partial<SQSEvent>, context: Context): Promise<SQSBatchResponse> {
  if (!event.Records) {
    await tick(tools, tools.now() + Math.max(0, context.getRemainingTimeInMillis() - WRITE_RESERVE_MS));
    progress?.publish();
    return { batchItemFailures: [] };
  }
  const failures = await Promise.all(
    event.Records.map(async (record) => {
      try {
        await buryBatch(tools, record);
        return [];
      } catch (error) {
        log.error('A dead letter could not be put to rest and comes back.', { messageId: record.messageId, error: error as Error });
        return [{ itemIdentifier: record.messageId }];
      }
    }),
  );
  return { batchItemFailures: failures.flat() };
}
