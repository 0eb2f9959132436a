import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * `npm run bench` runs all comparisons and prints one Markdown text, progress on stderr; `npm run bench -- NAME [OPTIONS]` runs one program.
 * Each is a process of its own, so that none measures another's heap.
 */
const programs: Readonly<Record<string, string>> = {
  article: 'the article’s own rows, 1, 8 and 100 in flight on a server of 3 seconds, beside its figures',
  bombs: 'peak memory under 200 pages of 10 GB decoded each',
  bundle: 'size and import time of the functions as deployed',
  cost: 'dollars per million pages on AWS: the functions’ bundles on Lambda’s share of a core, every billed request counted',
  embedded: 'what of a run’s CPU time the embedded SQS and S3 take, and what each worker thread',
  download: 'peak memory of files of hundreds of MB on their way into the bucket',
  enqueue: 'URLs per second and peak memory of enqueue over 5 million URLs of 50,000 hosts',
  'large-pages': 'CPU and bytes of pages of 4 MB read whole, and left once all that is wanted is there',
  latency: 'whole programs on pages that take 200 ms each, 512 at a time',
  pages: 'whole programs on the same job: urldrop, limit programs, Scrapy, Crawlee, aiohttp + lxml',
  report: 'time and memory of a tick of report over 1,000, 10,000 and 100,000 outcomes',
  'slow-server': 'all URLs at once on a server that answers after 3 seconds, whole programs',
  extract: 'CPU per page of extraction: tree, scanner, bare tokenizer',
  simulate: 'time, cost and limits of jobs of 10^6 to 10^9 URLs, on paper',
};

/** What a run of everything consists of: heading, program, options. */
const everything: readonly (readonly [heading: string, program: string, ...options: string[]])[] = [
  ['Whole programs on real pages', 'pages', '--pages', '5000'],
  ['Pages that take 200 ms', 'latency'],
  ['All URLs at once on a server that takes 3 seconds', 'slow-server'],
  ['Extraction alone', 'extract'],
  ['Enqueue: text', 'enqueue', '--hosts', '1000'],
  ['Enqueue: CSV', 'enqueue', '--hosts', '1000', '--format', 'csv'],
  ['Enqueue: JSON Lines', 'enqueue', '--hosts', '1000', '--format', 'jsonl'],
  ['Cost on AWS', 'cost'],
  ['Bundles', 'bundle'],
];
/** Programs that take the options of a comparison. */
const comparisons = new Set(['pages', 'latency', 'slow-server']);

const [name, ...options] = process.argv.slice(2);
if (name === undefined || name === '--crawlee') process.exit(runAll(process.argv.slice(2)));
if (!Object.hasOwn(programs, name)) {
  const width = Math.max(...Object.keys(programs).map((p) => p.length));
  const list = Object.entries(programs).map(([program, what]) => `  ${program.padEnd(width)}  ${what}`);
  const usage = 'Usage: npm run bench [-- --crawlee FOLDER]\n       npm run bench -- NAME [OPTIONS]';
  console.error(`${name === '--help' ? '' : `There is no benchmark "${name}".\n`}${usage}\n${list.join('\n')}`);
  process.exit(name === '--help' ? 0 : 2);
}
process.exit(runOne(name, options));

function runOne(program: string, args: readonly string[]): number {
  return spawnSync(process.execPath, [join(import.meta.dirname, `${program}.ts`), ...args], { stdio: 'inherit' }).status ?? 1;
}

/** @param more - for each comparison. @returns the exit code: 1 if one of them failed; the others are run all the same. */
function runAll(more: readonly string[]): number {
  let code = 0;
  for (const [heading, program, ...own] of everything) {
    console.log(`\n## ${heading}\n`);
    if (runOne(program, comparisons.has(program) ? [...own, ...more] : own) !== 0) code = 1;
  }
  return code;
}
