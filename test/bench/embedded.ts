/**
 * What the embedded SQS and S3 cost, and how even the threads are that work on pages: `npm run bench -- embedded [--pages 1,5000,50000] [--rounds 3] [--concurrency 64]`. They run in the
 * first thread of `urldrop run`, with the event sources, the clock and the command itself, whose CPU time Linux counts apart; the pages are
 * worked on in others. What a run of one page takes there is start-up.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inBenchFolder } from './harness/bench-folder.ts';
import { checkOut } from './harness/checkout.ts';
import { urldrop } from './harness/contestants.ts';
import { corpus } from './harness/corpus.ts';
import { median } from './harness/interleave.ts';
import { machine } from './harness/machine.ts';
import { figure, table } from './harness/markdown.ts';
import { startNginx } from './harness/nginx.ts';
import { runProgram, type Measure } from './harness/run-program.ts';

const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '1,5000,50000' },
    rounds: { type: 'string', default: '3' },
    concurrency: { type: 'string', default: '64' },
  },
});
const counts = values.pages.split(',').map(Number);

await inBenchFolder(async (folder) => {
  const [entrant] = urldrop(checkOut(join(folder, 'project')));
  if (!entrant) return;
  await using site = await startNginx(folder);
  const runs = new Map(counts.map((count): [number, Measure[]] => [count, []]));
  // The first of all, which finds nothing compiled, does not count.
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const count of round < 0 ? [1] : counts) {
      const own = join(folder, `${round}-${count}`);
      mkdirSync(own);
      const urlFile = join(own, 'urls.txt');
      writeFileSync(
        urlFile,
        corpus(count)
          .map(({ path }) => `${site.url}${path}\n`)
          .join(''),
      );
      const task = { urlFile, concurrency: Number(values.concurrency), out: join(own, 'out'), folder: own };
      const measure = await runProgram(entrant.program(task));
      if (round >= 0) runs.get(count)?.push(measure);
    }
  }
  const rows = counts.map((count) => {
    const of = (read: (run: Measure) => number) => median((runs.get(count) ?? []).map((run) => read(run)));
    const workers = Array.from({ length: availableParallelism() }, (_, i) => of(({ workersMs }) => workersMs[i] ?? 0));
    return { count, cpuMs: of((run) => run.cpuMs), firstMs: of((run) => run.firstThreadsMs), workers };
  });
  const startMs = rows.find(({ count }) => count === 1)?.firstMs ?? 0;
  console.log(`${machine()}; ${site.name}; medians of ${values.rounds} interleaved runs.\n`);
  console.log(
    table(
      ['pages', 'CPU s', 'of it the first thread, s', 'without its start, s', 'share of the run', 'worker threads, s'],
      rows.map(({ count, cpuMs, firstMs, workers }) => [
        count.toLocaleString('en'),
        figure(cpuMs / 1e3),
        figure(firstMs / 1e3),
        figure((firstMs - startMs) / 1e3),
        `${figure(((firstMs - startMs) / cpuMs) * 100)} %`,
        workers.map((ms) => figure(ms / 1e3)).join(' '),
      ]),
    ),
  );
});
