import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

// `npm run bench -- NAME [OPTIONS]`: one program per question, each in a process of its own, so that none measures another's heap.
const programs: Readonly<Record<string, string>> = {
  article: 'all URLs at once on a server that answers after 3 seconds, whole programs',
  'article-lessons': 'the article’s own rows, 1, 8 and 100 in flight on a server of 3 seconds, beside its figures',
  bombs: 'peak memory under 200 pages of 10 GB decoded each',
  bundle: 'size and import time of the functions as deployed',
  cost: 'dollars per million pages on AWS: the functions’ bundles on Lambda’s share of a core, every billed request counted',
  enqueue: 'URLs per second and peak memory of enqueue over 5 million URLs of 50,000 hosts',
  latency: 'whole programs on pages that take 200 ms each, 512 at a time',
  pages: 'whole programs on the same job: urldrop, limit programs, Scrapy, Crawlee, aiohttp + lxml',
  report: 'time and memory of a tick of report over 1,000, 10,000 and 100,000 outcomes',
  extract: 'CPU per page of extraction: tree, scanner, bare tokenizer',
  simulate: 'time, cost and limits of jobs of 10^6 to 10^9 URLs, on paper',
};

const [name, ...options] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(programs, name)) {
  const width = Math.max(...Object.keys(programs).map((p) => p.length));
  const list = Object.entries(programs).map(([program, what]) => `  ${program.padEnd(width)}  ${what}`);
  console.error(
    `${name === undefined ? '' : `There is no benchmark "${name}".\n`}Usage: npm run bench -- NAME [OPTIONS]\n${list.join('\n')}`,
  );
  process.exit(2);
}
const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...options], { stdio: 'inherit' });
process.exit(status ?? 1);
