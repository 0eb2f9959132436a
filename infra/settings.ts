import { UsageError } from '../functions/job/errors.ts';

/**
 * Every setting of the queues, functions and the bucket, named once. The stack builds them, the local cloud imitates them,
 * and a test holds the synthesised template against this table. Units end the names.
 */
export const settings = {
  functions: {
    enqueue: { memoryMb: 1_024, timeoutSeconds: 600 },
    // Pages are waited for more than worked on: with more memory the wait costs more, with less the CPU is what is waited for (docs/performance.md).
    scrape: { memoryMb: 512, timeoutSeconds: 120 },
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
    /** Dropped files and schedules that enqueue failed on every time: an operator looks at them. */
    eventsDead: { name: 'events-dead', fifo: false, visibilityTimeoutSeconds: 330, retentionSeconds: 14 * 86_400 },
  },
  /** Which queue feeds which function (event source mappings). All report partial batch failures. */
  eventSources: [
    { queue: 'requests', function: 'scrape', batchSize: 10, maxConcurrency: 100 },
    { queue: 'postponed', function: 'enqueue', batchSize: 10, maxConcurrency: 5 },
    { queue: 'requestsDead', function: 'report', batchSize: 10, maxConcurrency: 2 },
    { queue: 'postponedDead', function: 'report', batchSize: 10, maxConcurrency: 2 },
  ],
  /** Functions that S3, a schedule or a rule invokes asynchronously: how long Lambda tries, and where a failed event goes. */
  asyncEvents: {
    enqueue: { retryAttempts: 2, maxAgeSeconds: 21_600, deadLetters: 'eventsDead' },
    // A tick that failed is not worth repeating: the next one, a minute later, does its work.
    report: { retryAttempts: 0, maxAgeSeconds: 60 },
  },
  /** What a slice may take of the scrape function's time: each costs three objects a lane, so the longest that leaves time to commit. */
  sliceSeconds: 80,
  reportEveryMinutes: 1,
  bucket: {
    /** Object-created events under this prefix start enqueue. */
    notifyPrefix: 'urls/',
    /** Days after which internal objects expire; users' results never do. A job may last as long as its own of them (90 days); what is remembered of pages, for runs a year apart. */
    expireDays: {
      'requests/': 90,
      'outcomes/': 90,
      'starts/': 90,
      'state/seen/': 90,
      'state/cookies/': 90,
      'state/pages/': 400,
      'athena/': 30,
    },
    /** Parts of uploads that nobody finished are paid for and seen nowhere. */
    abortUploadsAfterDays: 7,
  },
  logRetentionDays: 30,
  /** When a person should look; docs/operations.md says at what. */
  alarms: {
    /** A lane's batches wait for each other, and a large job's for its turn: hours are no fault, half a day is. */
    requestsAgeHours: 12,
    /** SQS delays a message by 15 minutes at most; one that is older than this was due and not taken. */
    postponedAgeHours: 1,
    /** Failed pages of all pages, over 15 minutes with more than `errorRateFromPages` of them. */
    errorRatePercent: 50,
    errorRateFromPages: 500,
    /** Invocations within 5 minutes that failed or found no room. */
    functionErrors: 3,
    throttles: 100,
    /** Minutes without a report. */
    reportSilenceMinutes: 15,
    /** US dollars that the pages of one day cost, as measured. */
    dailyCostUsd: 20,
  },
} as const satisfies Settings;

/** What estimates go by. */
export const fleet = {
  memoryMb: settings.functions.scrape.memoryMb,
  maxConcurrency: settings.eventSources[0].maxConcurrency,
  sliceSeconds: settings.sliceSeconds,
} as const;

export type QueueName = keyof (typeof settings)['queues'];
export type FunctionName = keyof (typeof settings)['functions'];

export interface QueueSettings {
  /** Name in the local cloud (CloudFormation makes its own in AWS); FIFO names end with `.fifo`. */
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

export interface AsyncEventSettings {
  readonly retryAttempts: number;
  readonly maxAgeSeconds: number;
  /** Queue for events that failed every time; absent: they are dropped. */
  readonly deadLetters?: string;
}

export interface BucketSettings {
  readonly notifyPrefix: string;
  readonly expireDays: Readonly<Record<string, number>>;
  readonly abortUploadsAfterDays: number;
}

export interface AlarmSettings {
  readonly requestsAgeHours: number;
  readonly postponedAgeHours: number;
  readonly errorRatePercent: number;
  readonly errorRateFromPages: number;
  readonly functionErrors: number;
  readonly throttles: number;
  readonly reportSilenceMinutes: number;
  readonly dailyCostUsd: number;
}

export interface Settings {
  readonly functions: Readonly<Record<string, FunctionSettings>>;
  readonly queues: Readonly<Record<string, QueueSettings>>;
  readonly eventSources: readonly EventSourceSettings[];
  readonly asyncEvents: Readonly<Record<string, AsyncEventSettings>>;
  readonly sliceSeconds: number;
  readonly reportEveryMinutes: number;
  readonly bucket: BucketSettings;
  readonly logRetentionDays: number;
  readonly alarms: AlarmSettings;
}

/** Prefixes of the bucket that belong to its users: nothing in them expires. */
const userPrefixes = ['urls/', 'scrapers/', 'results/', 'errors/', 'files/', 'archive/', 'jobs/', 'changes/'];

/** What CloudWatch Logs takes (PutRetentionPolicy), up to ten years. */
const logRetentionDays: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/**
 * Checks the relations between settings.
 *
 * @throws {UsageError} code `bad-settings`, one line per broken relation.
 */
export function checkSettings(s: Settings): void {
  const faults = [
    ...s.eventSources.flatMap((source) => eventSourceFaults(s, source)),
    ...Object.entries(s.queues).flatMap(([name, queue]) => queueFaults(s, name, queue)),
    ...Object.entries(s.asyncEvents).flatMap(([name, events]) => asyncEventFaults(s, name, events)),
    ...bucketFaults(s),
  ];
  const scrapeSeconds = s.functions['scrape']?.timeoutSeconds ?? 0;
  if (s.sliceSeconds * 1.5 > scrapeSeconds)
    faults.push(`A slice of ${s.sliceSeconds} s leaves too little of the scrape function's ${scrapeSeconds} s to finish and commit.`);
  // Two ticks at once would fold the same outcomes twice.
  if ((s.functions['report']?.timeoutSeconds ?? 0) >= s.reportEveryMinutes * 60)
    faults.push(`The report function must end before the next one starts, ${s.reportEveryMinutes * 60} s later.`);
  for (const [name, { memoryMb, timeoutSeconds }] of Object.entries(s.functions)) {
    // AWS Lambda quotas: 128 to 10,240 MB, up to 900 s.
    if (memoryMb < 128 || memoryMb > 10_240) faults.push(`Function ${name} must have 128 to 10240 MB, not ${memoryMb}.`);
    if (timeoutSeconds < 1 || timeoutSeconds > 900) faults.push(`Function ${name} must end within 1 to 900 s, not ${timeoutSeconds}.`);
  }
  if (s.alarms.reportSilenceMinutes < 2 * s.reportEveryMinutes)
    faults.push(`Reports come every ${s.reportEveryMinutes} min, so silence is no sooner than after ${2 * s.reportEveryMinutes} min.`);
  if (s.alarms.errorRatePercent <= 0 || s.alarms.errorRatePercent > 100)
    faults.push(`The error rate of the alarm must be above 0 and up to 100 %, not ${s.alarms.errorRatePercent}.`);
  if (!logRetentionDays.includes(s.logRetentionDays))
    faults.push(`Logs can be kept for ${logRetentionDays.join(', ')} days, not ${s.logRetentionDays}.`);
  if (faults.length > 0) throw new UsageError('bad-settings', faults.join('\n'));
}

function eventSourceFaults(s: Settings, source: EventSourceSettings): string[] {
  const queue = s.queues[source.queue];
  const fn = s.functions[source.function];
  if (!queue || !fn) return [`The event source ${source.queue} → ${source.function} names a queue or function that is not there.`];
  const faults: string[] = [];
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
  return faults;
}

function queueFaults(s: Settings, name: string, queue: QueueSettings): string[] {
  const faults: string[] = [];
  if (queue.fifo !== queue.name.endsWith('.fifo'))
    faults.push(`The name of queue ${name} must end with .fifo exactly if it is FIFO, not ${queue.name}.`);
  if ((queue.maxReceiveCount === undefined) !== (queue.deadLetters === undefined))
    faults.push(`Queue ${name} needs both maxReceiveCount and deadLetters, or neither.`);
  if (queue.deadLetters !== undefined && s.queues[queue.deadLetters]?.fifo !== queue.fifo)
    faults.push(`Queue ${name} and its dead-letter queue must be of one kind (AWS SQS: FIFO to FIFO).`);
  if (queue.visibilityTimeoutSeconds > 43_200) faults.push(`Queue ${name}: SQS hides a message for 43200 s at most.`);
  if (queue.retentionSeconds > 1_209_600) faults.push(`Queue ${name}: SQS keeps a message for 1209600 s (14 days) at most.`);
  return faults;
}

function asyncEventFaults(s: Settings, name: string, events: AsyncEventSettings): string[] {
  const faults: string[] = [];
  if (!s.functions[name]) faults.push(`The asynchronous events of ${name} name a function that is not there.`);
  // AWS Lambda PutFunctionEventInvokeConfig: 0 to 2 attempts, 60 to 21,600 s.
  if (events.retryAttempts < 0 || events.retryAttempts > 2)
    faults.push(`Events of ${name} can be tried 0 to 2 times again, not ${events.retryAttempts}.`);
  if (events.maxAgeSeconds < 60 || events.maxAgeSeconds > 21_600)
    faults.push(`Events of ${name} can be kept for 60 to 21600 s, not ${events.maxAgeSeconds}.`);
  // AWS Lambda's guide for asynchronous invocation: a FIFO queue cannot be a destination.
  if (events.deadLetters !== undefined && s.queues[events.deadLetters]?.fifo !== false)
    faults.push(`Failed events of ${name} need a standard queue, which ${events.deadLetters} is not.`);
  return faults;
}

function bucketFaults(s: Settings): string[] {
  const faults: string[] = [];
  const expiring = Object.entries(s.bucket.expireDays);
  for (const [prefix, days] of expiring) {
    const owned = userPrefixes.find((p) => prefix.startsWith(p) || p.startsWith(prefix));
    if (owned !== undefined) faults.push(`Objects under ${prefix} must not expire: ${owned} belongs to the users.`);
    if (days < 1) faults.push(`Objects under ${prefix} must be kept for a day or more, not ${days}.`);
  }
  // A message that outlives its segment is a batch that can never be worked.
  const kept = Math.max(...Object.values(s.queues).map((queue) => queue.retentionSeconds)) / 86_400;
  const segments = s.bucket.expireDays['requests/'];
  if (segments !== undefined && segments <= kept)
    faults.push(`Segments must be kept for longer than the ${kept} days of the messages that name them, not ${segments}.`);
  return faults;
}
