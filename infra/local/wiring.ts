import { createClients } from '../../functions/aws/clients.ts';
import { ObjectStore } from '../../functions/aws/objects.ts';
import { Queue } from '../../functions/aws/queue.ts';
import { SourceQueue } from '../../functions/aws/source-queue.ts';
import { isJobFile } from '../../functions/job/keys.ts';
import { settings, type QueueName } from '../settings.ts';
import type { DataDir } from './data-dir.ts';
import { LOCAL_BUCKET, queueAttributes, startEmbeddedAws, type EmbeddedAws } from './embedded-aws.ts';
import { EventSource } from './event-source.ts';
import { INVOCATIONS_PER_THREAD } from './function-environment.ts';
import type { FunctionPool } from './function-pool.ts';
import type { LocalCloud, LocalCloudOptions } from './local-cloud.ts';
import { ReportClock } from './report-clock.ts';
import { UploadSource } from './upload-source.ts';

/** Ticks of report while functions are at work: a person watches. */
const TICK_MS = 1_000;
/** From the end of the last invocation to the tick that may find the job finished; a next batch is received within this. */
const SETTLE_MS = 15;

/** What is there before SQS and S3 are. */
export interface Ground {
  readonly dataDir: DataDir | undefined;
  readonly pool: FunctionPool;
  readonly threads: number;
  /** Ends the pool and gives the data directory back. */
  readonly close: () => Promise<void>;
}

/** Starts SQS and S3 and lays every event source to its function, as `infra/stack.ts` does on AWS. */
export async function wire(options: LocalCloudOptions, { dataDir, pool, threads, close }: Ground): Promise<LocalCloud> {
  const { onProblem } = options;
  let uploadSource: UploadSource | undefined;
  const aws = await startEmbeddedAws({
    ...(dataDir && { dataDir: dataDir.path }),
    ...(options.port !== undefined && { port: options.port }),
    ...(options.job !== undefined && { job: options.job }),
    onUpload: () => uploadSource?.wake(),
    onSummary: options.onSummary,
  });
  pool.configure(aws.environment);
  const { s3, sqs } = createClients(true, { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
  const objects = new ObjectStore(s3, LOCAL_BUCKET);
  const clock = new ReportClock({
    pool,
    onProblem,
    activeMs: TICK_MS,
    idleMs: settings.reportEveryMinutes * 60_000,
    settleMs: SETTLE_MS,
    isQuiet: () => settings.eventSources.every(({ queue }) => !aws.hasMessages(queue)),
  });
  const shared = { pool, onProblem, region: aws.region, onStart: () => clock.invocationStarted(), onEnd: () => clock.invocationEnded() };
  uploadSource = new UploadSource({
    ...shared,
    uploads: aws.uploads,
    isWanted: (key) => options.job === undefined || isJobFile(key, options.job),
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
  await Promise.all((Object.keys(settings.queues) as QueueName[]).map((name) => adjust(aws, name, sqs)));
  for (const source of sources) source.start();
  uploadSource.start();
  clock.start();
  const schedules =
    options.schedules && new (await import('./schedule-source.ts')).ScheduleSource({ ...shared, schedules: options.schedules });
  schedules?.start();
  dataDir?.announce(aws.endpoint);
  const stopSources = () => Promise.all([...sources.map((s) => s.stop()), uploadSource.stop(), schedules?.stop()]);
  let ending: Promise<unknown> | undefined;
  // Invocations under way end with their threads; a thread without any is not waited for before the process ends.
  const endAll = () => {
    void pool.stop();
    return (ending ??= Promise.all([stopSources(), clock.stop()]));
  };
  return {
    aws,
    objects,
    logFile: dataDir?.log,
    isUploadPending: (key) => aws.uploads.pending().some((u) => u.key === key),
    tick: () => clock.tick(),
    async endWork() {
      void stopSources();
      pool.stopIdle();
      // A tick that has written the last summary still has a little to write.
      await clock.stop();
      await endAll();
    },
    async stop(graceMs) {
      if (graceMs > 0) {
        pool.hasten(graceMs);
        const grace = deadline(graceMs);
        await Promise.race([stopSources().then(() => clock.tick()), grace.promise]);
        grace.cancel();
      }
      await endAll();
      s3.destroy();
      sqs.destroy();
      await aws.stop();
      await close();
    },
  };
}

/** Attributes of a queue that an older version made follow the settings. */
async function adjust(aws: EmbeddedAws, name: QueueName, sqs: ReturnType<typeof createClients>['sqs']): Promise<void> {
  const state = aws.server.inspectQueue(settings.queues[name].name);
  // Whether a queue is FIFO cannot change.
  const { FifoQueue: _, ...wanted } = queueAttributes(settings.queues[name]);
  const isOther = Object.entries(wanted).some(([key, value]) => state?.attributes[key] !== value);
  if (isOther) await new SourceQueue(sqs, aws.queueUrls[name]).setAttributes(wanted);
}

function deadline(ms: number): { promise: Promise<void>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}
