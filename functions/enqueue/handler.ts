import type { Context, SQSBatchResponse } from 'aws-lambda';
import { connect } from '../aws/cloud.ts';
import { secretNamed } from '../aws/secrets.ts';
import type { Fetcher } from '../fetch/types.ts';
import { log } from '../log.ts';
import { optionTable, readOptions } from '../options.ts';
import { scrapers } from '../scrapers/index.ts';
import { runInvocation, type EnqueueEvent } from './invocation.ts';
import { sitemapLoader } from './load-sitemap.ts';

const options = readOptions(process.env);
let fetcher: Promise<Fetcher> | undefined;
/** Few jobs fetch anything here: the HTTP side is loaded when one does. */
const openFetcher = (): Promise<Fetcher> =>
  (fetcher ??= import('../fetch/fetcher.ts').then(({ createFetcher }) =>
    createFetcher({ ...options, proxySecret: secretNamed(options.proxiesSecret) }),
  ));
const tools = {
  cloud: connect(options),
  scrapers,
  log,
  now: Date.now,
  budgetBytes: options.enqueueBudgetBytes,
  memoryMb: options.memoryMb,
  minLanes: options.minLanes,
  maxPerLane: options.laneConcurrency,
  isAlone: options.isAlone === '1',
  fleet: { memoryMb: options.scrapeMemoryMb, maxConcurrency: options.maxConcurrency, sliceSeconds: optionTable.sliceMs.default / 1000 },
  loadSitemap: sitemapLoader(openFetcher),
};

/** Lambda's door: uploads, schedules, and what was postponed. */
export async function handler(event: EnqueueEvent, context: Context): Promise<SQSBatchResponse | undefined> {
  const failed = await runInvocation(tools, event, () => context.getRemainingTimeInMillis());
  return failed && { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
