import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { connect } from '../../../functions/aws/cloud.ts';
import { createFetcher } from '../../../functions/fetch/fetcher.ts';
import { log } from '../../../functions/log.ts';
import { readOptions } from '../../../functions/options.ts';
import { runInvocation } from '../../../functions/scrape/invocation.ts';
import { faultScraper } from './scrapers.ts';

// The scrape function as deployed, but for the scraper.
const options = readOptions(process.env);
/** How far the clock of the test is ahead; comes with each event of a fleet. */
let aheadMs = 0;
const tools = {
  cloud: connect(options),
  fetcher: createFetcher(options),
  scrapers: { fault: faultScraper },
  options,
  log,
  now: () => Date.now() + aheadMs,
  busyMs: () => 0,
  random: () => 0,
};

export async function handler(event: SQSEvent & { aheadMs?: number }, context: Context): Promise<SQSBatchResponse> {
  aheadMs = event.aheadMs ?? 0;
  const failed = await runInvocation(tools, event.Records, context.getRemainingTimeInMillis());
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
