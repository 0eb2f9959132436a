import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { WorkerSetup } from './function-messages.ts';

/**
 * Left alone, V8 lets new objects of a thread take 150 MB before it looks for garbage, for the same CPU time. Twice as much as this makes
 * a run 15 MB larger and not faster; with a quarter less, hundreds of requests in flight take a quarter more CPU time.
 */
const YOUNG_GENERATION_MB = 12;
/**
 * New objects have a third of that from the start: in less, what is under way when V8 looks for garbage is taken for lasting, and soon
 * the whole heap is looked through for it. A tenth of a run's CPU time. A limit on the command line is for its own thread, which has
 * its heap already when this is read.
 */
const SEMI_SPACE_FLAGS = ['--max-semi-space-size=0', `--min-semi-space-size=${YOUNG_GENERATION_MB / 3}`];
for (const flag of SEMI_SPACE_FLAGS) setFlagsFromString(flag);

/**
 * A thread begins with this and not with its module: that would be stripped of its types before the compile cache is on, by a compiler
 * that is loaded for it alone, 60 ms of CPU.
 */
const BEGIN = `require('node:module').enableCompileCache(); ${['../prebuilt/use-prebuilt.ts', 'function-worker.ts']
  .map((path) => `import(${JSON.stringify(new URL(path, import.meta.url).href)})`)
  .join('.then(() => ')});`;

/** What the functions' modules need most; threads load it before they know anything of the job. */
export const PRELOAD: readonly string[] = ['aws/cloud.ts', 'fetch/fetcher.ts', 'scrapers/index.ts', 'log.ts'].map(
  (path) => new URL(`../../functions/${path}`, import.meta.url).href,
);

/** What the functions of `infra/settings.ts` may take at most, who are not asked: a thread is started ahead before anything else is loaded. */
export const SPARE_MEMORY_MB = 1_024;

let spare: Worker | undefined;

/** @param memoryMb - old objects at most; more ends the thread and not the process, when a page makes it allocate without end. */
export function startWorker(setup: WorkerSetup, env: Readonly<Record<string, string>>, memoryMb: number): Worker {
  return new Worker(BEGIN, {
    eval: true,
    workerData: setup,
    env,
    stdout: true,
    stderr: true,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
}

/** Starts a thread for a command that will need one, before anything of the command is known: it loads what all threads load. */
export function startSpareWorker(): void {
  const worker = startWorker({ preload: PRELOAD }, withoutAws(process.env), SPARE_MEMORY_MB);
  // Where the command has nothing for it to do, it does not keep the process.
  worker.unref();
  const drop = () => {
    if (spare === worker) spare = undefined;
  };
  worker.once('error', drop).once('exit', drop);
  spare = worker;
}

/** The thread that was started ahead, once, if it is of this size. */
export function takeSpareWorker(memoryMb: number): Worker | undefined {
  if (memoryMb !== SPARE_MEMORY_MB) return undefined;
  const worker = spare;
  spare = undefined;
  worker?.ref();
  return worker;
}

/** Environment of a process without its AWS configuration: a profile or a real endpoint must never be reached from here. */
export function withoutAws(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('AWS_')),
  );
}
