/**
 * Measures report: `node test/bench/report.ts [--outcomes 1000,10000,100000] [--more 1000]`. For each size a job with so many outcomes is
 * folded from nothing, then when nothing is new, then when `more` are; each size by a process of its own, against an embedded S3 in
 * another. The outcomes are those of slices of 100 pages that followed links.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect, type Cloud } from '../../functions/aws/cloud.ts';
import { batchId } from '../../functions/job/batch.ts';
import type { Job } from '../../functions/job/job.ts';
import { keys } from '../../functions/job/keys.ts';
import type { Outcome } from '../../functions/job/outcome.ts';
import { emptyTally } from '../../functions/job/summary.ts';
import { readOptions } from '../../functions/options.ts';
import { settings } from '../../infra/settings.ts';
import type { TickMeasure } from './report-run.ts';

const { values } = parseArgs({
  options: { outcomes: { type: 'string', default: '1000,10000,100000' }, more: { type: 'string', default: '1000' } },
});
/** V8 takes half of a machine's memory for its heap: here as on the function's machine. */
const HEAP = ['--expose-gc', `--max-heap-size=${settings.functions.report.memoryMb / 2}`];
const PUTS_AT_ONCE = 64;

const server = fork(join(import.meta.dirname, 'enqueue-cloud.ts'));
const [environment] = (await once(server, 'message')) as [Record<string, string>];
Object.assign(process.env, environment);
const cloud = connect(readOptions(environment));
for (const size of values.outcomes.split(',').map(Number)) {
  const id = `bench-${size}`;
  await startJob(cloud, id);
  await commit(cloud, id, 0, size);
  const child = fork(join(import.meta.dirname, 'report-run.ts'), [id], { env: { ...process.env, ...environment }, execArgv: HEAP });
  await print(`${size} outcomes, all new`, child);
  await print(`${size} outcomes, none new`, child);
  await commit(cloud, id, size, Number(values.more));
  await print(`${size} outcomes and ${values.more} new`, child);
  child.disconnect();
}
server.disconnect();

async function print(what: string, child: ChildProcess): Promise<void> {
  child.send('tick');
  const [{ wallMs, cpuMs, rssMb, peakRssMb, heldMb, outcomes }] = (await once(child, 'message')) as [TickMeasure];
  const times = `${(wallMs / 1_000).toFixed(2)} s, CPU ${(cpuMs / 1_000).toFixed(2)} s`;
  console.log(
    `${what}: ${times}, RSS ${Math.round(rssMb)} MB, peak ${Math.round(peakRssMb)} MB, held ${Math.round(heldMb)} MB; ${outcomes} folded`,
  );
}

async function startJob({ objects }: Cloud, id: string): Promise<void> {
  const at = new Date().toISOString();
  const job: Job = {
    v: 1,
    id,
    scraper: 'bench',
    date: at.slice(0, 10),
    createdAt: at,
    source: 'bench',
    options: {},
    lanes: 1,
    unique: false,
  };
  await objects.putJson(keys.job(id), job);
  await objects.put(keys.active(id), '');
}

async function commit({ objects }: Cloud, job: string, from: number, count: number): Promise<void> {
  let next = from;
  const put = async (): Promise<void> => {
    while (next < from + count) {
      const batch = batchId(job, String(next++));
      await objects.putJson(keys.outcome(job, batch), outcomeOf(job, batch));
    }
  };
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, put));
}

function outcomeOf(job: string, batch: string): Outcome {
  const at = new Date().toISOString();
  const requests = Array.from({ length: 10 }, (_, i) => ({ url: `https://host.example/section/page-${i}.html`, depth: 2 }));
  const child = { v: 1 as const, job, id: batchId(batch, '0'), lane: 'host.example', count: requests.length, requests };
  const tally = { ...emptyTally, succeeded: 97, failed: 3, items: 97, followed: 10, fetches: 103, wireBytes: 1e6, decodedBytes: 4e6 };
  const errors = { timeout: { count: 3, url: 'https://host.example/slow.html', message: 'GET https://host.example/slow.html: 30000 ms' } };
  const usage = { s3Writes: 5, s3Reads: 6, sqsRequests: 3, gbSeconds: 2.5 };
  const claims = Buffer.alloc(800).toString('base64');
  return { v: 1, job, batch, lane: 'host.example', startedAt: at, committedAt: at, ...tally, errors, children: [child], claims, usage };
}
