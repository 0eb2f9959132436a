import { availableParallelism } from 'node:os';
import { createClients } from '../../functions/aws/clients.ts';
import { ObjectStore } from '../../functions/aws/objects.ts';
import { Queue } from '../../functions/aws/queue.ts';
import { SourceQueue } from '../../functions/aws/source-queue.ts';
import { checkSettings, settings, type FunctionName, type QueueName } from '../settings.ts';
import { openDataDir } from './data-dir.ts';
import { LOCAL_BUCKET, queueAttributes, startEmbeddedAws, type EmbeddedAws } from './embedded-aws.ts';
import { EventSource } from './event-source.ts';
import { functionEnvironment } from './function-environment.ts';
import { FunctionLog } from './function-log.ts';
import type { FunctionConfig } from './function-messages.ts';
import { FunctionPool } from './function-pool.ts';
import type { OnProblem } from './problem.ts';
import { ReportClock } from './report-clock.ts';
import { UploadLog } from './upload-log.ts';
import { UploadSource } from './upload-source.ts';

/** Ticks of report while functions are at work: a person watches. */
const TICK_MS = 1_000;
/** From the end of the last invocation to the tick that may find the job finished; a next batch is received within this. */
const SETTLE_MS = 15;
/** Scrape invocations that one thread runs at a time: more lanes side by side, at the price of their pages in memory. */
const INVOCATIONS_PER_THREAD = 8;

export interface LocalCloudOptions {
  /** Where everything is kept; absent: in memory, gone with the process. */
  readonly dataDir?: string;
  /** Of the embedded SQS and S3; 0 or absent: a free one. */
  readonly port?: number;
  /** Worker threads; absent: one per core. */
  readonly workers?: number;
  /** `URLDROP_…` options of the functions, over those of this process's environment. */
  readonly functionOptions?: Readonly<Record<string, string>>;
  /** Modules in place of the project's own handlers. */
  readonly handlers?: Partial<Readonly<Record<FunctionName, URL>>>;
  /** In place of the settings' time limits. */
  readonly timeoutMs?: number;
  readonly onProblem: OnProblem;
  /** Summaries may have changed. */
  readonly onTick?: () => void;
}

/** SQS, S3, the functions and the wiring between them on this machine. */
export interface LocalCloud {
  readonly aws: EmbeddedAws;
  /** The bucket through the S3 client, as any user of it. */
  readonly objects: ObjectStore;
  /** What the functions logged; absent without a data directory. */
  readonly logFile: string | undefined;
  /** Makes report fold now; resolves when it has. */
  tick(): Promise<void>;
  /** Starts so many threads and loads the functions before there is work for them. */
  warm(threads: number): void;
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
  const dataDir = options.dataDir === undefined ? undefined : openDataDir(options.dataDir);
  try {
    return await start(options, dataDir);
  } catch (error) {
    dataDir?.release();
    throw error;
  }
}

async function start(options: LocalCloudOptions, dataDir: ReturnType<typeof openDataDir> | undefined): Promise<LocalCloud> {
  const { onProblem } = options;
  const uploads = new UploadLog(dataDir?.uploads);
  let uploadSource: UploadSource | undefined;
  const aws = await startEmbeddedAws({
    ...(dataDir && { dataDir: dataDir.path }),
    ...(options.port !== undefined && { port: options.port }),
    onObjectCreated({ bucket, key, eventName }) {
      if (bucket === LOCAL_BUCKET && key.startsWith(settings.bucket.notifyPrefix)) uploadSource?.uploaded(key, eventName);
    },
  });
  const { s3, sqs } = createClients(true, { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
  const objects = new ObjectStore(s3, LOCAL_BUCKET);
  const log = new FunctionLog(dataDir?.log);
  const threads = options.workers ?? availableParallelism();
  const pool = new FunctionPool({
    setup: { functions: functionConfigs(options) },
    threads,
    env: functionEnvironment(process.env, { ...aws.environment, ...options.functionOptions }),
    onOutput: (text) => log.write(text),
  });
  const clock = new ReportClock({
    pool,
    onProblem,
    onTick: () => options.onTick?.(),
    activeMs: TICK_MS,
    idleMs: settings.reportEveryMinutes * 60_000,
    settleMs: SETTLE_MS,
  });
  const shared = { pool, onProblem, region: aws.region, onStart: () => clock.invocationStarted(), onEnd: () => clock.invocationEnded() };
  uploadSource = new UploadSource({
    ...shared,
    uploads,
    objects,
    deadLetters: new Queue(sqs, aws.queueUrls[settings.asyncEvents.enqueue.deadLetters]),
    maxConcurrency: threads,
  });
  const sources = settings.eventSources.map(
    (source) =>
      new EventSource({
        ...shared,
        queue: new SourceQueue(sqs, aws.queueUrls[source.queue]),
        queueName: settings.queues[source.queue].name,
        function: source.function,
        batchSize: source.batchSize,
        maxConcurrency: Math.min(source.maxConcurrency, threads * INVOCATIONS_PER_THREAD),
      }),
  );
  await Promise.all(
    (Object.keys(settings.queues) as QueueName[]).map((name) => recover(aws, name, new SourceQueue(sqs, aws.queueUrls[name]))),
  );
  for (const source of sources) source.start();
  uploadSource.start();
  clock.start();
  return {
    aws,
    objects,
    logFile: dataDir?.log,
    tick: () => clock.tick(),
    warm: (count) => pool.warm(count, ...(Object.keys(settings.functions) as FunctionName[])),
    async stop(graceMs) {
      const ended = Promise.all([...sources.map((s) => s.stop()), uploadSource.stop()]);
      if (graceMs > 0) {
        const grace = deadline(graceMs);
        await Promise.race([ended.then(() => clock.tick()), grace.promise]);
        grace.cancel();
      }
      await Promise.all([pool.stop(), clock.stop()]);
      await ended;
      s3.destroy();
      sqs.destroy();
      await aws.stop();
      log.close();
      dataDir?.release();
    },
  };
}

/** Messages that the last process had in hand come back now, not after their visibility timeout; attributes follow the settings. */
async function recover(aws: EmbeddedAws, name: QueueName, queue: SourceQueue): Promise<void> {
  const state = aws.server.inspectQueue(settings.queues[name].name);
  const wanted = queueAttributes(settings.queues[name]);
  if (state && Object.entries(wanted).some(([key, value]) => state.attributes[key] !== value)) {
    // Whether a queue is FIFO cannot change.
    const { FifoQueue: _, ...changeable } = wanted;
    await queue.setAttributes(changeable);
  }
  const handles = (state?.messages.inflight ?? []).map((m) => m.receiptHandle);
  await queue.giveBack(handles, 1);
}

function functionConfigs(options: LocalCloudOptions): Readonly<Record<FunctionName, FunctionConfig>> {
  const config = (name: FunctionName): FunctionConfig => ({
    module: (options.handlers?.[name] ?? new URL(`../../functions/${name}/handler.ts`, import.meta.url)).href,
    memoryMb: settings.functions[name].memoryMb,
    timeoutMs: options.timeoutMs ?? settings.functions[name].timeoutSeconds * 1000,
  });
  return { enqueue: config('enqueue'), scrape: config('scrape'), report: config('report') };
}

function deadline(ms: number): { promise: Promise<void>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}
