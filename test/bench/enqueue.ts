/**
 * Measures enqueue: `node test/bench/enqueue.ts [--urls 5000000] [--hosts 50000] [--format text|csv|jsonl] [--gzip] [--runs 1]`.
 * The input is made here, put into an embedded S3, and read by the function as it is deployed, in a process of its own.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect } from '../../functions/aws/cloud.ts';
import type { Job } from '../../functions/job/job.ts';
import { readOptions } from '../../functions/options.ts';
import { settings } from '../../infra/settings.ts';
import { bundleFunctions, writeBundles } from '../../infra/bundle.ts';
import { writeBenchInput, type BenchFormat } from './enqueue-input.ts';
import type { EnqueueMeasure } from './enqueue-run.ts';

const { values } = parseArgs({
  options: {
    urls: { type: 'string', default: '5000000' },
    hosts: { type: 'string', default: '50000' },
    format: { type: 'string', default: 'text' },
    gzip: { type: 'boolean', default: false },
    runs: { type: 'string', default: '1' },
  },
});
const input = { urls: Number(values.urls), hosts: Number(values.hosts), format: values.format as BenchFormat, gzip: values.gzip };
/** V8 takes half of a machine's memory for its heap and sizes the young generation by that: here as on the function's machine. */
const HEAP = [`--max-heap-size=${settings.functions.enqueue.memoryMb / 2}`];
const folder = await mkdtemp(join(tmpdir(), 'urldrop-bench-'));
try {
  const path = join(folder, 'input');
  writeBundles(await bundleFunctions({ enqueue: 'functions/enqueue/handler.ts' }), folder);
  await writeBenchInput(path, input);
  const { size } = await stat(path);
  console.log(
    `${input.urls} URLs over ${input.hosts} hosts, ${input.format}${input.gzip ? ' gzip' : ''}, ${mb(size)} MB; Node ${process.version}, ${availableParallelism()} cores`,
  );
  for (let run = 0; run < Number(values.runs); run++)
    await measure(path, `urls/page/bench.${input.format === 'text' ? 'txt' : input.format}`);
} finally {
  await rm(folder, { recursive: true });
}

/** One enqueue against an SQS and S3 that hold nothing else. */
async function measure(path: string, key: string): Promise<void> {
  const server = fork(join(import.meta.dirname, 'enqueue-cloud.ts'));
  try {
    const environment = (await messageOf(server)) as Record<string, string>;
    Object.assign(process.env, environment);
    const { objects } = connect(readOptions(environment));
    await objects.putStream(key, createReadStream(path));
    const child = fork(join(import.meta.dirname, 'enqueue-run.ts'), {
      env: { ...process.env, BENCH_KEY: key, BENCH_BUNDLE: join(folder, 'enqueue', 'index.mjs') },
      execArgv: HEAP,
    });
    const { wallMs, cpuMs, startRssMb, peakRssMb } = (await messageOf(child)) as EnqueueMeasure;
    for await (const id of objects.folders('jobs/')) {
      const job = await objects.getJson<Job>(`jobs/${id}/job.json`);
      let segments = 0;
      for await (const _ of objects.list(`requests/${id}/`)) segments++;
      const { enqueued } = job ?? {};
      console.log(
        [
          `${Math.round((input.urls / wallMs) * 1_000)} URLs/s`,
          `${Math.round((input.urls / cpuMs) * 1_000)} URLs per CPU second`,
          `wall ${(wallMs / 1_000).toFixed(1)} s`,
          `CPU ${(cpuMs / 1_000).toFixed(1)} s`,
          `peak RSS ${Math.round(peakRssMb)} MB (${Math.round(startRssMb)} before)`,
          `${enqueued?.roots} messages, ${segments} segments, ${enqueued?.requests} requests, ${enqueued?.duplicates} duplicates, ${enqueued?.failed} failed`,
        ].join('; '),
      );
    }
  } finally {
    server.disconnect();
  }
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The process ended with ${code} before it had an answer.`);
  });
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  ended.catch(() => {});
  return message;
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
