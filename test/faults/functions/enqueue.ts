import type { Context, SQSBatchResponse } from 'aws-lambda';
import { connect } from '../../../functions/aws/cloud.ts';
import { runInvocation, type EnqueueEvent } from '../../../functions/enqueue/invocation.ts';
import { log } from '../../../functions/log.ts';
import { readOptions } from '../../../functions/options.ts';
import { faultScraper } from './scrapers.ts';

// The enqueue function as deployed, but for the scraper.
const options = readOptions(process.env);
/** How far the clock of the test is ahead; comes with each event of a fleet. */
let aheadMs = 0;
const tools = {
  cloud: connect(options),
  scrapers: { fault: faultScraper },
  log,
  now: () => Date.now() + aheadMs,
  budgetBytes: options.enqueueBudgetBytes,
};

export async function handler(event: EnqueueEvent & { aheadMs?: number }, context: Context): Promise<SQSBatchResponse | undefined> {
  aheadMs = event.aheadMs ?? 0;
  const failed = await runInvocation(tools, event, () => context.getRemainingTimeInMillis());
  return failed && { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
