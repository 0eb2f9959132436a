import { UsageError } from '../functions/job/errors.ts';

/**
 * Every setting of the queues, functions and the bucket, named once. The stack builds them, the local cloud imitates them,
 * and a test holds the synthesised template against this table. Units end the names.
 */
export const settings = {
  functions: {
    enqueue: { memoryMb: 1_024, timeoutSeconds: 600 },
    scrape: { memoryMb: 1_024, timeoutSeconds: 120 },
    report: { memoryMb: 512, timeoutSeconds: 55 },
  },
  queues: {
    /** Batches to scrape. FIFO in high-throughput mode: order and deduplication hold per lane. */
    requests: {
      name: 'requests.fifo',
      fifo: true,
      visibilityTimeoutSeconds: 720,
      retentionSeconds: 14 * 86_400,
      maxReceiveCount: 20,
      deadLetters: 'requestsDead',
    },
    /** Batches that wait for their time, and enqueues that go on in another invocation. */
    postponed: {
      name: 'postponed',
      fifo: false,
      visibilityTimeoutSeconds: 3_600,
      retentionSeconds: 14 * 86_400,
      maxReceiveCount: 20,
      deadLetters: 'postponedDead',
    },
    requestsDead: { name: 'requests-dead.fifo', fifo: true, visibilityTimeoutSeconds: 330, retentionSeconds: 14 * 86_400 },
    postponedDead: { name: 'postponed-dead', fifo: false, visibilityTimeoutSeconds: 330, retentionSeconds: 14 * 86_400 },
  },
  /** Which queue feeds which function (event source mappings). All report partial batch failures. */
  eventSources: [
    { queue: 'requests', function: 'scrape', batchSize: 10, maxConcurrency: 100 },
    { queue: 'postponed', function: 'enqueue', batchSize: 10, maxConcurrency: 5 },
    { queue: 'requestsDead', function: 'report', batchSize: 10, maxConcurrency: 2 },
    { queue: 'postponedDead', function: 'report', batchSize: 10, maxConcurrency: 2 },
  ],
  /** What a slice may take of the scrape function's time. */
  sliceSeconds: 60,
  reportEveryMinutes: 1,
  bucket: {
    /** Object-created events under this prefix start enqueue. */
    notifyPrefix: 'urls/',
    /** Days after which internal objects expire; users' results never do. */
    expireDays: { 'requests/': 30, 'outcomes/': 90, 'starts/': 30, 'state/seen/': 90 },
  },
} as const satisfies Settings;

export type QueueName = keyof (typeof settings)['queues'];
export type FunctionName = keyof (typeof settings)['functions'];

export interface QueueSettings {
  /** Last part of the queue's name; FIFO names end with `.fifo`. */
  readonly name: string;
  readonly fifo: boolean;
  readonly visibilityTimeoutSeconds: number;
  readonly retentionSeconds: number;
  /** Receives after which a message goes to the dead-letter queue. */
  readonly maxReceiveCount?: number;
  readonly deadLetters?: string;
}

export interface FunctionSettings {
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
}

export interface EventSourceSettings {
  readonly queue: string;
  readonly function: string;
  readonly batchSize: number;
  readonly maxConcurrency: number;
}

export interface Settings {
  readonly functions: Readonly<Record<string, FunctionSettings>>;
  readonly queues: Readonly<Record<string, QueueSettings>>;
  readonly eventSources: readonly EventSourceSettings[];
  readonly sliceSeconds: number;
  readonly reportEveryMinutes: number;
  readonly bucket: { readonly notifyPrefix: string; readonly expireDays: Readonly<Record<string, number>> };
}

/**
 * Checks the relations between settings.
 *
 * @throws {UsageError} code `bad-settings`, one line per broken relation.
 */
export function checkSettings(s: Settings): void {
  const faults: string[] = [];
  for (const source of s.eventSources) {
    const queue = s.queues[source.queue];
    const fn = s.functions[source.function];
    if (!queue || !fn) {
      faults.push(`The event source ${source.queue} → ${source.function} names a queue or function that is not there.`);
      continue;
    }
    // AWS Lambda's guide for SQS: at least six times the function timeout, so that a throttled batch is not delivered twice.
    if (queue.visibilityTimeoutSeconds < 6 * fn.timeoutSeconds) {
      faults.push(
        `Queue ${source.queue} is invisible for ${queue.visibilityTimeoutSeconds} s, under six times the ${fn.timeoutSeconds} s of function ${source.function}.`,
      );
    }
    // AWS Lambda quotas: a FIFO source takes batches of at most 10; maximum concurrency is 2 to 1,000.
    if (source.batchSize < 1 || source.batchSize > 10)
      faults.push(`The batch size of ${source.queue} must be 1 to 10, not ${source.batchSize}.`);
    if (source.maxConcurrency < 2 || source.maxConcurrency > 1_000)
      faults.push(`The maximum concurrency of ${source.queue} must be 2 to 1000, not ${source.maxConcurrency}.`);
  }
  for (const [name, queue] of Object.entries(s.queues)) {
    if (queue.fifo !== queue.name.endsWith('.fifo'))
      faults.push(`The name of queue ${name} must end with .fifo exactly if it is FIFO, not ${queue.name}.`);
    if ((queue.maxReceiveCount === undefined) !== (queue.deadLetters === undefined))
      faults.push(`Queue ${name} needs both maxReceiveCount and deadLetters, or neither.`);
    if (queue.deadLetters !== undefined && s.queues[queue.deadLetters]?.fifo !== queue.fifo)
      faults.push(`Queue ${name} and its dead-letter queue must be of one kind (AWS SQS: FIFO to FIFO).`);
    if (queue.visibilityTimeoutSeconds > 43_200) faults.push(`Queue ${name}: SQS hides a message for 43200 s at most.`);
  }
  const scrapeSeconds = s.functions['scrape']?.timeoutSeconds ?? 0;
  if (s.sliceSeconds * 1.5 > scrapeSeconds)
    faults.push(`A slice of ${s.sliceSeconds} s leaves too little of the scrape function's ${scrapeSeconds} s to finish and commit.`);
  if (faults.length > 0) throw new UsageError('bad-settings', faults.join('\n'));
}
