import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from '../../functions/job/errors.ts';
import { hostOf } from '../../functions/job/lane.ts';
import { unknownName } from '../../functions/job/nearest-name.ts';
import { scrapers } from '../../functions/scrapers/index.ts';
import { readEntries } from '../../functions/urls/read-input.ts';
import { settings } from '../settings.ts';
import type { EstimateFlags } from './estimate-command.ts';
import { estimateJob } from './estimate-job.ts';
import { exitCodes } from './exit-codes.ts';
import { inputOf } from './job-input.ts';
import { countOf, countText, durationText } from './number-text.ts';

/** Of scraper `page` on documentation pages of 33 kB, a full core. */
const CPU_MS_PER_PAGE = 8;

/** `urldrop estimate`. */
export async function estimate(file: string, flags: EstimateFlags): Promise<number> {
  const scraper = scrapers[flags.scraper];
  if (!scraper) throw new UsageError('unknown-scraper', `There is no scraper ${unknownName(flags.scraper, Object.keys(scrapers))}`);
  const input = await inputOf([file]);
  if (input.kind !== 'file') throw new UsageError('input', `${file} is no file. Name a file of URLs.`);
  const counts = new Map<string, number>();
  let faults = 0;
  for await (const entries of readEntries(createReadStream(input.path), basename(input.path))) {
    for (const entry of entries) {
      if ('fault' in entry) faults++;
      if (!('request' in entry)) continue;
      const host = hostOf(entry.request.url);
      counts.set(host, (counts.get(host) ?? 0) + 1);
    }
  }
  const { concurrency = scraper.politeness.concurrency, delay = scraper.politeness.delay, pageMs } = flags;
  const found = estimateJob(counts, { concurrency, delayMs: delay, pageMs, cpuMs: CPU_MS_PER_PAGE }, settings);
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...found, faults }, undefined, 2)}\n`);
  else {
    const { requests, hosts, largestHost, seconds, cost } = found;
    process.stdout
      .write(`${countOf(requests, 'request')} to ${countOf(hosts, 'host')}${faults > 0 ? `, ${countOf(faults, 'line')} of no use` : ''}
Most to one host: ${countText(largestHost.requests)} to ${largestHost.host}
At ${delay > 0 ? `one request every ${delay} ms` : `${concurrency} in flight`} per host and ${pageMs} ms a page, on AWS: about ${durationText(seconds * 1000)} and $${cost.usd.toFixed(cost.usd < 1 ? 4 : 2)} (prices of ${cost.pricesAsOf}), links not followed
`);
  }
  return exitCodes.done;
}
