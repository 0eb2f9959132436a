/**
 * The article's table on its 3-second server: one page at a time, a pool of 8, 100 coroutines, and processes with coroutines each.
 *
 *   npm run bench -- article [--rows serial,pool,coroutines,workers] [--pages 100] [--serial-pages 10] [--wait 3000]
 *
 * Every row is the whole command: a job from a file of URLs, through queue and bucket, to a file of results. `job` is the time from its
 * start to its end as its summary tells it, `command` the wall time of the process, its start and the local cloud's included. One page at a
 * time would take five minutes; by default it takes 10 pages and the row says what 100 would take. The server answers robots.txt at once.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import type { Summary } from '../../functions/job/summary.ts';
import { inBenchFolder } from './harness/bench-folder.ts';
import { machine } from './harness/machine.ts';
import { startSlowSite } from './servers/slow-site.ts';

const BIN = join(import.meta.dirname, '../../infra/cli/bin.js');
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: 'serial,pool,coroutines,workers' },
    pages: { type: 'string', default: '100' },
    'serial-pages': { type: 'string', default: '10' },
    wait: { type: 'string', default: '3000' },
  },
});
const pages = Number(values.pages);
const waitMs = Number(values.wait);
const cores = availableParallelism();

interface Row {
  readonly name: string;
  /** Seconds for 100 pages that the article gives, on a machine of its own. */
  readonly article: number;
  readonly concurrency: number;
  readonly workers: number;
  readonly pages: number;
}

const rows: Readonly<Record<string, Row>> = {
  serial: { name: 'serial', article: 305, concurrency: 1, workers: 1, pages: Math.min(pages, Number(values['serial-pages'])) },
  pool: { name: 'pool of 8', article: 48, concurrency: 8, workers: 1, pages },
  coroutines: { name: '100 coroutines', article: 3.106, concurrency: 100, workers: 1, pages },
  workers: { name: `${cores} workers × coroutines`, article: 3.116, concurrency: 100, workers: cores, pages },
};
const wanted = values.rows.split(',').map((name) => name.trim());
for (const name of wanted) {
  if (Object.hasOwn(rows, name)) continue;
  console.error(`There is no row "${name}". Rows: ${Object.keys(rows).join(', ')}.`);
  process.exit(2);
}

await inBenchFolder(async (folder) => {
  await using site = await startSlowSite({ delayMs: waitMs });
  console.log(`${pages} pages of a server that takes ${waitMs} ms for each; ${machine()}`);
  console.log('                            article s     job s   command s');
  for (const name of wanted) if (rows[name]) await measure(rows[name], site.url, folder);
});

async function measure(row: Row, url: string, folder: string): Promise<void> {
  const list = join(folder, 'urls.txt');
  await writeFile(list, Array.from({ length: row.pages }, (_, i) => `${url}/${i + 1}\n`).join(''));
  const startedMs = performance.now();
  const args = [
    'run',
    list,
    '--json',
    '--allow-private',
    '--out',
    join(folder, 'pages.jsonl'),
    '--data-dir',
    join(folder, `data-${row.name}`),
  ];
  const numbers = ['--concurrency', String(row.concurrency), '--workers', String(row.workers)];
  const { stdout } = await promisify(execFile)(process.execPath, [BIN, ...args, ...numbers]);
  const commandMs = performance.now() - startedMs;
  const { requests, wallMs } = JSON.parse(stdout) as Summary;
  if (requests.succeeded !== row.pages) throw new Error(`${row.name}: ${requests.succeeded} of ${row.pages} pages succeeded.`);
  const whole = pages / row.pages;
  const estimated = whole > 1 ? `   reckoned from ${row.pages} pages in ${seconds(wallMs)} s` : '';
  const cells = [row.name.padEnd(26), cell(pages === 100 ? String(row.article) : ''), cell(seconds(wallMs * whole))];
  console.log(`${cells.join(' ')} ${cell(seconds(commandMs + wallMs * (whole - 1))).padStart(11)}${estimated}`);
}

function cell(text: string): string {
  return text.padStart(9);
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3 - Math.min(2, Math.floor(Math.log10(Math.max(1_000, ms) / 1_000))));
}
