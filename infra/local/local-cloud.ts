import { availableParallelism } from 'node:os';
import type { ObjectStore } from '../../functions/aws/objects.ts';
import { optionTable } from '../../functions/options.ts';
import { checkSettings, fleet, settings, type FunctionName } from '../settings.ts';
import { openDataDir } from './data-dir.ts';
import type { EmbeddedAws } from './embedded-aws.ts';
import { functionEnvironment } from './function-environment.ts';
import { FunctionLog } from './function-log.ts';
import type { FunctionConfig } from './function-messages.ts';
import { FunctionPool } from './function-pool.ts';
import { roomForSockets } from './open-files.ts';
import type { OnProblem } from './problem.ts';
import { PRELOAD } from './worker-thread.ts';

/** Lanes per thread that a host gets: with more than one, a core that is done early takes over another's. */
const LANES_PER_THREAD = 2;

export interface LocalCloudOptions {
  /** Where everything is kept; absent: in memory, gone with the process. */
  readonly dataDir?: string;
  /** Of the embedded SQS and S3; 0 or absent: a free one. */
  readonly port?: number;
  /** The only job to go on, by its job file `urls/<scraper>/<job>.job.json`; what there is of others waits. Absent: all. */
  readonly job?: string;
  /** Worker threads; absent: one per core. */
  readonly workers?: number;
  /** How many of them are started before there is work for them; absent: 1. */
  readonly warmWorkers?: number;
  /** `URLDROP_…` options of the functions, over those of this process's environment. */
  readonly functionOptions?: Readonly<Record<string, string>>;
  /** Schedules to fire, by scraper; absent: none. */
  readonly schedules?: Readonly<Record<string, string>>;
  /** Modules in place of the project's own handlers. */
  readonly handlers?: Partial<Readonly<Record<FunctionName, URL>>>;
  /** In place of the settings' time limits. */
  readonly timeoutMs?: number;
  readonly onProblem: OnProblem;
  /** A summary has changed. */
  readonly onSummary?: () => void;
}

/** SQS, S3, the functions and the wiring between them on this machine. */
export interface LocalCloud {
  readonly aws: EmbeddedAws;
  /** The bucket through the S3 client, as any user of it. */
  readonly objects: ObjectStore;
  /** What the functions logged; absent without a data directory. */
  readonly logFile: string | undefined;
  /** Whether an upload of this key waits for enqueue or is being read. */
  isUploadPending(key: string): boolean;
  /** Makes report fold now; resolves when it has. */
  tick(): Promise<void>;
  /** The job has ended: lets report end its tick, then ends the work, while what is in the bucket can still be read. */
  endWork(): Promise<void>;
  /**
   * Takes up nothing new, lets what is under way end for at most `graceMs`, then ends it; what is lost by that comes back at the
   * next start.
   */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts the local cloud: queues, bucket, event sources and limits as in `infra/settings.ts`, the handlers of the functions in
 * worker threads, SDK clients over HTTP throughout.
 *
 * @throws {UsageError} `data-dir`, `data-dir-busy`, `port`.
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  checkSettings(settings);
  const threads = options.workers ?? availableParallelism();
  const dataDir = options.dataDir === undefined ? undefined : openDataDir(options.dataDir);
  const log = new FunctionLog(dataDir?.log);
  const pool = new FunctionPool({
    setup: { functions: functionConfigs(options), preload: PRELOAD },
    threads,
    env: functionEnvironment(
      { ...roomOptions(threads), ...process.env },
      {
        [optionTable.scrapeMemoryMb.env]: String(fleet.memoryMb),
        [optionTable.maxConcurrency.env]: String(fleet.maxConcurrency),
        [optionTable.minLanes.env]: String(LANES_PER_THREAD * threads),
        ...(options.job !== undefined && { [optionTable.isAlone.env]: '1' }),
        ...options.functionOptions,
      },
    ),
    onOutput: (text) => log.write(text),
  });
  const close = async () => {
    await pool.stop();
    log.close();
    dataDir?.release();
  };
  try {
    // First of all: while this thread loads and starts SQS and S3, another loads the functions, and more where there are cores for them.
    pool.warm(1, 'enqueue', 'scrape', 'report');
    const { warmWorkers = 1 } = options;
    pool.warm(Math.min(warmWorkers, availableParallelism() - 1), 'scrape');
    const { wire } = await import('./wiring.ts');
    const cloud = await wire(options, { dataDir, pool, threads, close });
    pool.warm(warmWorkers, 'scrape');
    return cloud;
  } catch (error) {
    await close();
    throw error;
  }
}

/** What a machine of one's own bears and an invocation on AWS does not: as many connections as files, in as few lanes as there are threads. */
function roomOptions(threads: number): Record<string, string> {
  return {
    [optionTable.maxSockets.env]: String(Math.min(optionTable.maxSockets.max, Math.floor(roomForSockets() / threads))),
    [optionTable.laneConcurrency.env]: String(optionTable.laneConcurrency.max),
  };
}

function functionConfigs(options: LocalCloudOptions): Readonly<Record<FunctionName, FunctionConfig>> {
  const config = (name: FunctionName): FunctionConfig => ({
    module: (options.handlers?.[name] ?? new URL(`../../functions/${name}/handler.ts`, import.meta.url)).href,
    memoryMb: settings.functions[name].memoryMb,
    timeoutMs: options.timeoutMs ?? settings.functions[name].timeoutSeconds * 1000,
  });
  return { enqueue: config('enqueue'), scrape: config('scrape'), report: config('report') };
}
