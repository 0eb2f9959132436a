import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { keys } from '../../../functions/job/keys.ts';
import type { Summary } from '../../../functions/job/summary.ts';
import { startLocalCloud } from '../../../infra/local/local-cloud.ts';
import { Random } from '../random.ts';

/** What the long run tells one life of its local cloud. */
export interface Life {
  readonly dataDir: string;
  readonly job: string;
  readonly urls: readonly string[];
  readonly seed: number;
  /** Requests that end between two deaths of worker threads, on average. */
  readonly workerLife: number;
}

/** What it tells back. */
export interface Heartbeat {
  readonly workersKilled: number;
  readonly ended: number;
  readonly isFinished: boolean;
}

// One life of a local cloud on a data directory: the project's own wiring, event sources and worker threads, with the scraper of the
// fault tests. Threads are ended at random; the process itself is killed from outside, and its next life goes on with what it finds.
const life = JSON.parse(process.argv[2] ?? '') as Life;
const random = new Random(life.seed);
const workers = new Set<Worker>();
let workersKilled = 0;
process.on('worker', (worker) => {
  workers.add(worker);
  worker.once('exit', () => workers.delete(worker));
});

const handler = (name: string): URL => new URL(`../functions/${name}.ts`, import.meta.url);
const cloud = await startLocalCloud({
  dataDir: life.dataDir,
  job: life.job,
  handlers: { enqueue: handler('enqueue'), scrape: handler('scrape') },
  functionOptions: { URLDROP_ALLOWED_NETWORKS: '127.0.0.0/8', POWERTOOLS_LOG_LEVEL: 'SILENT', URLDROP_SLICE_MS: '10000' },
  onProblem: () => {},
});
if (!(await cloud.objects.head(keys.jobFile('fault', life.job)))) {
  const file = { job: life.job, scraper: 'fault', urls: life.urls, options: { concurrency: 8 } };
  await cloud.objects.putJson(keys.jobFile('fault', life.job), file);
}
let nextKill = 0;
for (;;) {
  const summary = await cloud.objects.getJson<Summary>(keys.summary(life.job));
  const isFinished = summary?.finishedAt !== undefined;
  const ended = summary ? summary.requests.total - summary.requests.pending : 0;
  process.send?.({ workersKilled, ended, isFinished } satisfies Heartbeat);
  if (isFinished) break;
  await sleep(1_000 * random.next());
  if (ended < nextKill || workers.size === 0) continue;
  if (nextKill > 0) {
    workersKilled++;
    await random.pick([...workers]).terminate();
  }
  nextKill = ended + 2 * random.next() * life.workerLife;
}
await cloud.stop(0);
process.exit();
