import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from '../../functions/job/errors.ts';
import { hostOf } from '../../functions/job/lane.ts';
import { requestKey } from '../../functions/job/request.ts';
import { keyHash, SeenSet } from '../../functions/job/seen.ts';
import { unknownName } from '../../functions/job/nearest-name.ts';
import { scrapers } from '../../functions/scrapers/index.ts';
import { readEntries } from '../../functions/urls/read-input.ts';
import { fleet } from '../settings.ts';
import type { EstimateFlags } from './estimate-command.ts';
import { assumed, estimateJob, type Load } from '../../functions/job/estimate.ts';
import { numberText } from '../../functions/job/number-text.ts';
import { exitCodes } from './exit-codes.ts';
import { inputOf } from './job-input.ts';
import { countOf, durationText } from './number-text.ts';

/** `urldrop estimate`. */
export async function estimate(file: string, flags: EstimateFlags): Promise<number> {
  const scraper = scrapers[flags.scraper];
  if (!scraper) throw new UsageError('unknown-scraper', `There is no scraper ${unknownName(flags.scraper, Object.keys(scrapers))}`);
  const input = await inputOf([file]);
  if (input.kind !== 'file') throw new UsageError('input', `${file} is no file. Name a file of URLs.`);
  const counts = new Map<string, number>();
  const known = new SeenSet();
  let [faults, duplicates] = [0, 0];
  for await (const entries of readEntries(createReadStream(input.path), basename(input.path))) {
    for (const entry of entries) {
      if ('fault' in entry) faults++;
      if (!('request' in entry)) continue;
      if (!known.add(keyHash(requestKey(entry.request)))) {
        duplicates++;
        continue;
      }
      const host = hostOf(entry.request.url);
      counts.set(host, (counts.get(host) ?? 0) + 1);
    }
  }
  const { concurrency = scraper.politeness.concurrency, delay = scraper.politeness.delay, pageMs } = flags;
  const found = estimateJob(loadOf(counts), { concurrency, delayMs: delay, pageMs, cpuMs: assumed.cpuMs }, fleet);
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...found, duplicates, faults }, undefined, 2)}\n`);
  else {
    const { requests, hosts, largestHost, seconds, cost } = found;
    process.stdout
      .write(`${countOf(requests, 'request')} to ${countOf(hosts, 'host')}${duplicates > 0 ? `, ${countOf(duplicates, 'duplicate')}` : ''}${faults > 0 ? `, ${countOf(faults, 'line')} of no use` : ''}
Most to one host: ${numberText(largestHost.requests)} to ${largestHost.host}
At ${delay > 0 ? `one request every ${delay} ms` : `${concurrency} in flight`} per host and ${pageMs} ms a page, on AWS: about ${durationText(seconds * 1000)} and $${cost.usd.toFixed(cost.usd < 1 ? 4 : 2)} (prices of ${cost.pricesAsOf}), links not followed
`);
  }
  return exitCodes.done;
}

/** @param counts - requests by host. */
function loadOf(counts: ReadonlyMap<string, number>): Load {
  let requests = 0;
  let largestHost = { host: '', requests: 0 };
  for (const [host, count] of counts) {
    requests += count;
    if (count > largestHost.requests) largestHost = { host, requests: count };
  }
  return { requests, hosts: counts.size, largestHost };
}
