/**
 * The article's table: all URLs at once on a server that answers after 3 seconds, seconds from start to exit.
 * `npm run bench -- slow-server [--urls 5,100,1000,10000] [--rounds 1] [--delay 3000] [--only WORD,…] [--crawlee FOLDER]`
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inBenchFolder } from './harness/bench-folder.ts';
import { compare, type Result } from './harness/compare.ts';
import { entrantOptions, entrantsOf } from './harness/entrants.ts';
import { machine } from './harness/machine.ts';
import { figure, table } from './harness/markdown.ts';
import { startSlowSite } from './servers/slow-site.ts';

const { values } = parseArgs({
  options: {
    ...entrantOptions,
    only: { type: 'string', default: 'declared,no parsing,slim,scrapy,aiohttp,crawlee' },
    urls: { type: 'string', default: '5,100,1000,10000' },
    delay: { type: 'string', default: '3000' },
    rounds: { type: 'string', default: '1' },
  },
});

await inBenchFolder(async (folder) => {
  const delayMs = Number(values.delay);
  const counts = values.urls.split(',').map(Number);
  const entrants = entrantsOf(folder, values);
  const columns: Result[][] = [];
  for (const count of counts) {
    await using site = await startSlowSite({ delayMs });
    const urlFile = join(folder, 'urls.txt');
    writeFileSync(urlFile, Array.from({ length: count }, (_, i) => `${site.url}/${i + 1}\n`).join(''));
    columns.push(await compare(entrants, { urlFile, count, concurrency: count, rounds: Number(values.rounds), folder }));
  }
  console.log(`All URLs at once, ${delayMs} ms an answer; seconds from start to exit, medians of ${values.rounds} interleaved runs.`);
  console.log(`${machine()}\n`);
  const largest = counts.length - 1;
  console.log(
    table(
      ['program', ...counts.map((count) => `${count.toLocaleString('en')} URLs`), 'CPU s', 'peak RSS MB'],
      entrants.map(({ name }, row) => [
        name,
        ...columns.map((results, i) => cell(results[row], counts[i] ?? 0)),
        figure((columns[largest]?.[row]?.cpuMs ?? NaN) / 1e3),
        figure(columns[largest]?.[row]?.peakRssMb ?? NaN),
      ]),
    ),
  );
  console.log(`\nCPU time of all processes and peak memory: at ${counts[largest]?.toLocaleString('en')} URLs.`);
});

function cell(result: Result | undefined, count: number): string {
  if (!result) return '';
  const seconds = figure(result.wallMs / 1e3);
  return result.records === count ? seconds : `${seconds} (${count - result.records} missing)`;
}
