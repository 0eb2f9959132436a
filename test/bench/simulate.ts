/**
 * Runs jobs of 10^6 to 10^9 URLs on paper: `node test/bench/simulate.ts [--urls 1000000] [--concurrency 4] [--delay MS] [--page-ms 500]
 * [--cpu-ms 8] [--max-concurrency N] [--memory-mb N] [--seed 1]`. The rules for batches, lanes and slices are the functions' own, the figures those of
 * `infra/settings.ts` and of AWS (`simulate/aws-limits.ts`); the same options always print the same.
 */
import { parseArgs } from 'node:util';
import { scraperOptions } from '../../functions/scraper/scraper-options.ts';
import { withOverrides } from '../../infra/cloud/overrides.ts';
import { awsLimits } from './simulate/aws-limits.ts';
import { hostSizes, randomOf, spreads } from './simulate/hosts.ts';
import { simulate, type Simulated } from './simulate/simulation.ts';

const { concurrency, delay } = scraperOptions.politeness;
const { values } = parseArgs({
  options: {
    urls: { type: 'string', default: '1000000,10000000,100000000,1000000000' },
    concurrency: { type: 'string', default: String(concurrency.default) },
    delay: { type: 'string', default: String(delay.default) },
    'page-ms': { type: 'string', default: '500' },
    'cpu-ms': { type: 'string', default: '8' },
    'max-concurrency': { type: 'string' },
    'memory-mb': { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});
const given = (value: string | undefined): number | undefined => (value === undefined ? undefined : Number(value));
const settings = withOverrides({ maxConcurrency: given(values['max-concurrency']), scrapeMemoryMb: given(values['memory-mb']) });
const work = {
  concurrency: Number(values.concurrency),
  delayMs: Number(values.delay),
  pageMs: Number(values['page-ms']),
  cpuMs: Number(values['cpu-ms']),
  requestBytes: 65,
  overheadMs: 250,
};
/** Of one enqueue invocation after the other, URLs a second (`npm run bench -- enqueue`). */
const ENQUEUED_PER_SECOND = 500_000;

const source = settings.eventSources.find((s) => s.function === 'scrape');
console.log(
  `${work.concurrency} in flight${work.delayMs > 0 ? ` and ${work.delayMs} ms apart` : ''} per host, ${work.pageMs} ms a page, ${work.cpuMs} ms of a core; ` +
    `up to ${source?.maxConcurrency} invocations of ${source?.batchSize} batches, ${settings.functions.scrape.memoryMb} MB, slices of ${settings.sliceSeconds} s.\n`,
);
console.log('| URLs | spread over hosts | hosts | largest | messages | invocations, mean | time | pages/s | $ | what limits |');
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |');
for (const urls of values.urls.split(',').map(Number)) {
  for (const spread of spreads) {
    const sizes = hostSizes(spread, urls, randomOf(Number(values.seed)));
    const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
    const run = simulate(sizes, work, settings);
    const seconds = Math.max(run.seconds, ...Object.values(run.bounds)) + urls / ENQUEUED_PER_SECOND;
    console.log(
      `| ${short(urls)} | ${spread.name} | ${short(sizes.length)} | ${short(largest)} | ${short(run.batches)} | ${short(run.invocations)}, ${run.meanConcurrency.toFixed(0)} at once | ${time(seconds)} | ${short(urls / seconds)} | ${run.cost.usd.toFixed(2)} | ${limits(run, seconds)} |`,
    );
  }
}
console.log(`\n${spreads.map(({ name, what }) => `${name}: ${what}`).join('; ')}.`);

/** The bounds that the run comes close to, largest first, and limits of AWS that it goes over. */
function limits(run: Simulated, seconds: number): string {
  const close = Object.entries(run.bounds)
    .filter(([, bound]) => bound > 0.7 * seconds)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name]) => name);
  const over = [
    ...(run.peakInFlight > awsLimits.fifoInFlight ? ['messages in flight'] : []),
    ...(run.peakQueued > awsLimits.fifoLookAhead ? [`${short(run.peakQueued / awsLimits.fifoLookAhead)} look-aheads of lanes`] : []),
    ...(run.peakCommitsPerSecond > awsLimits.s3WritesPerPrefix ? [`S3 prefix at ${short(run.peakCommitsPerSecond)} writes/s`] : []),
  ];
  return [close.join(', ') || 'start and end', ...over].join('; ');
}

function time(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  if (seconds < 7_200) return `${(seconds / 60).toFixed(0)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

function short(number: number): string {
  for (const [size, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (number >= size) return `${Number((number / size).toPrecision(3))}${unit}`;
  }
  return String(Number(number.toPrecision(3)));
}
