/**
 * Real pages from a server that takes its time: `npm run bench -- latency [--pages 5000] [--delay 200] [--concurrency 512] [--rounds 3]
 * [--only WORD,…] [--crawlee FOLDER]`. Otherwise as `pages`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inBenchFolder } from './harness/bench-folder.ts';
import { compare } from './harness/compare.ts';
import { corpus } from './harness/corpus.ts';
import { entrantOptions, entrantsOf } from './harness/entrants.ts';
import { machine } from './harness/machine.ts';
import { figure, table } from './harness/markdown.ts';
import { startSlowSite } from './servers/slow-site.ts';

const { values } = parseArgs({
  options: {
    ...entrantOptions,
    pages: { type: 'string', default: '5000' },
    delay: { type: 'string', default: '200' },
    concurrency: { type: 'string', default: '512' },
    rounds: { type: 'string', default: '3' },
  },
});

await inBenchFolder(async (folder) => {
  const pages = corpus(Number(values.pages));
  const delayMs = Number(values.delay);
  const concurrency = Number(values.concurrency);
  const urlFile = join(folder, 'urls.txt');
  await using site = await startSlowSite({ delayMs, pages });
  writeFileSync(urlFile, pages.map(({ path }) => `${site.url}${path}\n`).join(''));
  const count = pages.length;
  const results = await compare(entrantsOf(folder, values), { urlFile, count, concurrency, rounds: Number(values.rounds), folder });
  const floorMs = (count / concurrency) * delayMs;
  console.log(`${count} pages at ${delayMs} ms, ${concurrency} at a time: no less than ${figure(floorMs / 1e3)} s.`);
  console.log(`Medians of ${values.rounds} interleaved runs. ${machine()}\n`);
  console.log(
    table(
      ['program', 'wall s', 'over the floor', 'CPU ms/page', 'peak RSS MB', 'records', 'alike'],
      results.map(({ name, wallMs, cpuMs, peakRssMb, records, same }) => [
        name,
        figure(wallMs / 1e3),
        `${figure(wallMs / floorMs)} ×`,
        figure(cpuMs / count),
        figure(peakRssMb),
        records,
        same ?? '',
      ]),
    ),
  );
});
