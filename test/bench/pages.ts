/**
 * The same job for all, start to exit: `npm run bench -- pages [--pages 2000] [--rounds 3] [--concurrency 64] [--only WORD,…] [--crawlee
 * FOLDER] [--svg FILE]`. Each program reads a file of URLs, fetches them from nginx on loopback, and writes url, status, title, h1,
 * description, number of links and the first 20 of them absolute as JSON Lines. Runs are interleaved; figures are medians; CPU time is
 * that of all processes of a program.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { barChart } from './harness/bar-chart.ts';
import { inBenchFolder } from './harness/bench-folder.ts';
import { compare } from './harness/compare.ts';
import { corpus } from './harness/corpus.ts';
import { entrantOptions, entrantsOf } from './harness/entrants.ts';
import { machine } from './harness/machine.ts';
import { figure, table } from './harness/markdown.ts';
import { startNginx } from './harness/nginx.ts';

const { values } = parseArgs({
  options: {
    ...entrantOptions,
    pages: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    concurrency: { type: 'string', default: '64' },
    svg: { type: 'string' },
  },
});

await inBenchFolder(async (folder) => {
  const pages = corpus(Number(values.pages));
  await using site = await startNginx(folder);
  const urlFile = join(folder, 'urls.txt');
  writeFileSync(urlFile, pages.map(({ path }) => `${site.url}${path}\n`).join(''));
  const count = pages.length;
  const meanKb = pages.reduce((sum, { bytes }) => sum + bytes, 0) / count / 1e3;
  const concurrency = Number(values.concurrency);
  const results = await compare(entrantsOf(folder, values), { urlFile, count, concurrency, rounds: Number(values.rounds), folder });
  console.log(`${count} pages, mean ${meanKb.toFixed(1)} kB, ${concurrency} at a time, medians of ${values.rounds} interleaved runs.`);
  console.log(`${machine()}; ${site.name}\n`);
  const [own] = results;
  console.log(
    table(
      ['program', 'pages/s', own ? `${own.name} is` : '', 'CPU ms/page', 'peak RSS MB', 'wall s', 'records', 'alike'],
      results.map(({ name, wallMs, cpuMs, peakRssMb, records, same }) => [
        name,
        figure((count / wallMs) * 1e3),
        `${figure(wallMs / (own?.wallMs ?? NaN))} ×`,
        figure(cpuMs / count),
        figure(peakRssMb),
        figure(wallMs / 1e3),
        records,
        same ?? '',
      ]),
    ),
  );
  if (values.svg === undefined) return;
  const bars = results.map(({ name, wallMs, entrant }) => ({
    label: name,
    value: (count / wallMs) * 1e3,
    isOwn: entrant.kind === 'urldrop',
  }));
  writeFileSync(
    values.svg,
    barChart(
      `Pages per second, whole program, ${count} pages`,
      bars.toSorted((a, b) => b.value - a.value),
      figure,
    ),
  );
});
