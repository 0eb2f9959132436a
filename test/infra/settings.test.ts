import { expect, test } from 'vitest';
import { checkSettings, settings, type Settings } from '../../infra/settings.ts';

const good: Settings = settings;
const { requests, postponed } = good.queues as { requests: Settings['queues'][string]; postponed: Settings['queues'][string] };
const [requestsSource] = good.eventSources as [Settings['eventSources'][number]];
const { scrape, report } = good.functions as { scrape: Settings['functions'][string]; report: Settings['functions'][string] };

const queue = (name: string, change: object): Partial<Settings> => ({
  queues: { ...good.queues, [name]: { ...good.queues[name], ...change } as never },
});
const source = (change: object): Partial<Settings> => ({ eventSources: [{ ...requestsSource, ...change }] });
const events = (name: string, change: object): Partial<Settings> => ({
  asyncEvents: { ...good.asyncEvents, [name]: { ...(good.asyncEvents['enqueue'] as object), ...change } as never },
});
const fn = (name: string, change: object): Partial<Settings> => ({ functions: { ...good.functions, [name]: { ...scrape, ...change } } });
const expire = (expireDays: Record<string, number>): Partial<Settings> => ({ bucket: { ...good.bucket, expireDays } });

test('the settings keep every relation', () => {
  expect(() => checkSettings(good)).not.toThrow();
});

const broken: readonly (readonly [string, Partial<Settings>, RegExp])[] = [
  [
    'visibility under six function timeouts',
    queue('requests', { visibilityTimeoutSeconds: 6 * scrape.timeoutSeconds - 1 }),
    /requests is invisible for 719 s, under six times the 120 s of function scrape/,
  ],
  [
    'visibility that SQS does not take',
    queue('requestsDead', { visibilityTimeoutSeconds: 43_201 }),
    /requestsDead: SQS hides a message for 43200 s at most/,
  ],
  [
    'retention that SQS does not take',
    queue('eventsDead', { retentionSeconds: 1_209_601 }),
    /eventsDead: SQS keeps a message for 1209600 s/,
  ],
  ['a FIFO queue by another name', queue('requests', { name: 'requests' }), /must end with .fifo exactly if it is FIFO, not requests/],
  [
    'a standard queue by a FIFO name',
    queue('postponed', { name: 'postponed.fifo' }),
    /must end with .fifo exactly if it is FIFO, not postponed.fifo/,
  ],
  [
    'a dead-letter queue and no receive count',
    { queues: { ...good.queues, requests: without(requests, 'maxReceiveCount') as never } },
    /needs both maxReceiveCount and deadLetters/,
  ],
  [
    'a receive count and no dead-letter queue',
    { queues: { ...good.queues, postponed: without(postponed, 'deadLetters') as never } },
    /needs both maxReceiveCount and deadLetters/,
  ],
  ['dead letters of FIFO in a standard queue', queue('requests', { deadLetters: 'postponedDead' }), /must be of one kind/],
  ['dead letters in a queue that is not there', queue('requests', { deadLetters: 'nowhere' }), /must be of one kind/],
  ['a source that names no queue', source({ queue: 'nowhere' }), /nowhere → scrape names a queue or function that is not there/],
  ['a source that names no function', source({ function: 'nobody' }), /requests → nobody names a queue or function that is not there/],
  ['batches larger than FIFO has them', source({ batchSize: 11 }), /batch size of requests must be 1 to 10, not 11/],
  ['empty batches', source({ batchSize: 0 }), /batch size of requests must be 1 to 10, not 0/],
  ['a concurrency under what Lambda takes', source({ maxConcurrency: 1 }), /must be 2 to 1000, not 1/],
  ['a concurrency over what Lambda takes', source({ maxConcurrency: 1_001 }), /must be 2 to 1000, not 1001/],
  ['a slice that leaves no time to commit', { sliceSeconds: 81 }, /A slice of 81 s leaves too little of the scrape function's 120 s/],
  ['reports that overlap', fn('report', { ...report, timeoutSeconds: 60 }), /must end before the next one starts, 60 s later/],
  ['memory that Lambda does not have', fn('scrape', { memoryMb: 10_241 }), /scrape must have 128 to 10240 MB, not 10241/],
  ['time that Lambda does not give', fn('enqueue', { timeoutSeconds: 901 }), /enqueue must end within 1 to 900 s, not 901/],
  ['events of no function', events('nobody', {}), /asynchronous events of nobody name a function that is not there/],
  ['events tried too often', events('enqueue', { retryAttempts: 3 }), /enqueue can be tried 0 to 2 times again, not 3/],
  ['events kept too long', events('enqueue', { maxAgeSeconds: 21_601 }), /enqueue can be kept for 60 to 21600 s, not 21601/],
  ['failed events in a FIFO queue', events('enqueue', { deadLetters: 'requestsDead' }), /need a standard queue, which requestsDead is not/],
  ['results that expire', expire({ 'results/scraper=x/': 30 }), /results\/scraper=x\/ must not expire: results\/ belongs to the users/],
  ['a prefix around user data that expires', expire({ r: 30 }), /r must not expire: results\/ belongs to the users/],
  ['objects that expire at once', expire({ 'starts/': 0 }), /starts\/ must be kept for a day or more, not 0/],
  [
    'segments gone before the messages that name them',
    expire({ 'requests/': 14 }),
    /longer than the 14 days of the messages that name them, not 14/,
  ],
  ['silence before a report is due', { alarms: { ...good.alarms, reportSilenceMinutes: 1 } }, /silence is no sooner than after 2 min/],
  ['an error rate of nothing', { alarms: { ...good.alarms, errorRatePercent: 0 } }, /above 0 and up to 100 %, not 0/],
  ['logs kept as long as CloudWatch does not know', { logRetentionDays: 31 }, /Logs can be kept for 1, 3, .* days, not 31/],
];

test.each(broken)('%s: refused by name', (_, change, message) => {
  expect(() => checkSettings({ ...good, ...change })).toThrow(message);
});

test('faults are reported together, one a line', () => {
  const change = { ...source({ batchSize: 11, maxConcurrency: 1 }), sliceSeconds: 90 };

  expect(() => checkSettings({ ...good, ...change })).toThrow(/^.*batch size.*\n.*maximum concurrency.*\n.*A slice.*$/);
});

function without(value: object, name: string): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}
