/**
 * What a million pages cost on AWS: `npm run bench -- cost [--memory 512,1024] [--slice 60] [--batch 10] [--only WORD,…]`. The functions'
 * bundles run on as much CPU as their memory brings, against hosts that take 50 to 1,000 ms a page and an SQS and S3 that take 20 ms a
 * call; what is billed is counted and priced by functions/job/cost.ts. Cold starts, TLS and traffic are not in it.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type * as Bundle from '../../infra/bundle.ts';
import { costOf, prices } from '../../functions/job/cost.ts';
import { settings } from '../../infra/settings.ts';
import { inBenchFolder } from './harness/bench-folder.ts';
import { checkOut } from './harness/checkout.ts';
import { machine } from './harness/machine.ts';
import { figure, table } from './harness/markdown.ts';
import { replay, type Sample } from './cost/replay.ts';
import { scenarios, usual, type Scenario } from './cost/scenarios.ts';
import { replayUsual } from './cost/usual.ts';

const { values } = parseArgs({
  options: {
    memory: { type: 'string', default: String(settings.functions.scrape.memoryMb) },
    slice: { type: 'string', default: String(settings.sliceSeconds) },
    batch: { type: 'string', default: String(settings.eventSources[0].batchSize) },
    only: { type: 'string' },
  },
});
const MILLION = 1_000_000;

await inBenchFolder(async (folder) => {
  const checkout = checkOut(join(folder, 'project'));
  const { bundleFunctions, writeBundles } = (await import(join(checkout, 'infra/bundle.ts'))) as typeof Bundle;
  writeBundles(await bundleFunctions(), join(folder, 'bundles'));
  writeBundles(await bundleFunctions({ scrape: 'test/bench/cost/usual-crawler.ts' }), join(folder, 'usual'));
  const words = values.only?.toLowerCase().split(',');
  const isWanted = ({ name }: Scenario) => !words || words.some((word) => name.toLowerCase().includes(word));
  const rows: string[][] = [];
  let share = '';
  for (const memoryMb of values.memory.split(',').map(Number)) {
    const add = (scenario: Scenario, sample: Sample) => {
      rows.push(row(scenario, memoryMb, sample));
      ({ share } = sample);
      process.stderr.write(`${memoryMb} MB, ${scenario.name}: $${rows.at(-1)?.[2]} per million pages\n`);
    };
    if (isWanted(usual)) add(usual, await replayUsual(usual, join(folder, 'usual/scrape'), memoryMb));
    for (const scenario of scenarios.filter(isWanted)) {
      const run = { scenario, bundles: join(folder, 'bundles'), scrapeMemoryMb: memoryMb, sliceMs: Number(values.slice) * 1_000 };
      add(scenario, await replay({ ...run, batchSize: Number(values.batch) }));
    }
  }
  console.log(`Per million pages, US dollars at the list prices of ${prices.region} as of ${prices.asOf}; slices of ${values.slice} s.`);
  console.log(`CPU held to its share by ${share}. ${machine()}\n`);
  const head = [
    'scenario',
    'memory MB',
    '$',
    'aim',
    'Lambda $',
    'S3 $',
    'SQS $',
    'GB-s',
    'invocations',
    'S3 writes',
    'S3 reads',
    'SQS requests',
  ];
  console.log(table([...head, 'CPU ms/page', 'peak RSS MB', 'pages run'], rows));
});

function row({ name, aimUsd }: Scenario, memoryMb: number, { pages, usage, invocations, cpuMs, peakRssMb }: Sample): string[] {
  const factor = MILLION / pages;
  const million = {
    s3Writes: usage.s3Writes * factor,
    s3Reads: usage.s3Reads * factor,
    sqsRequests: usage.sqsRequests * factor,
    gbSeconds: usage.gbSeconds * factor,
  };
  const cost = costOf(million, invocations * factor);
  const dollars = [cost.usd, cost.lambda, cost.s3, cost.sqs].map((usd) => usd.toFixed(2));
  const counts = [million.gbSeconds, invocations * factor, million.s3Writes, million.s3Reads, million.sqsRequests].map(figure);
  const [total = '', ...parts] = dollars;
  return [
    name,
    String(memoryMb),
    total,
    aimUsd?.toFixed(2) ?? '',
    ...parts,
    ...counts,
    figure(cpuMs / pages),
    figure(peakRssMb),
    String(pages),
  ];
}
