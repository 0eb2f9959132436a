import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { connect } from '../aws/cloud.ts';
import { secretNamed } from '../aws/secrets.ts';
import { createFetcher } from '../fetch/fetcher.ts';
import { log } from '../log.ts';
import { readOptions } from '../options.ts';
import { scrapers } from '../scrapers/index.ts';
import { COMMIT_RESERVE_MS, runInvocation } from './invocation.ts';
import type { Tools } from './tools.ts';

const options = readOptions(process.env);
const tools: Tools = {
  cloud: connect(options),
  fetcher: createFetcher({ ...options, proxySecret: secretNamed(options.proxiesSecret) }),
  scrapers,
  options,
  log,
  now: Date.now,
  busyMs: () => performance.eventLoopUtilization().active,
  random: Math.random,
};

/** Invocations under way: on Lambda one at a time. */
let running = 0;

/** Lambda's door: batches of requests from the Requests queue; reports the messages that must come back. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const remainingMs = () => context.getRemainingTimeInMillis();
  // With little time left all at once, the cloud on this machine is being stopped.
  const mayLast = () => running <= options.longSlices && remainingMs() > COMMIT_RESERVE_MS;
  running++;
  try {
    const failed = await runInvocation(tools, event.Records, remainingMs(), mayLast);
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  } finally {
    running--;
  }
}
