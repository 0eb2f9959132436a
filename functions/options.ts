import { UsageError } from './job/errors.ts';

interface NumberOption {
  readonly env: string;
  readonly kind: 'number';
  readonly unit: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly reason: string;
}
interface TextOption {
  readonly env: string;
  readonly kind: 'text';
  /** Absent: the option must be set. */
  readonly default?: string;
  readonly reason: string;
}

/**
 * The operator's options: declared once, from which environment variables, types, bounds and docs derive.
 * The stack and the local cloud set them; the functions read them once per cold start.
 */
export const optionTable = {
  bucket: { env: 'URLDROP_BUCKET', kind: 'text', reason: 'Where everything lies.' },
  requestsQueueUrl: { env: 'URLDROP_REQUESTS_QUEUE_URL', kind: 'text', reason: 'Batches to scrape, FIFO by lane.' },
  postponedQueueUrl: {
    env: 'URLDROP_POSTPONED_QUEUE_URL',
    kind: 'text',
    reason: 'Batches that wait for their time, and enqueues that go on.',
  },
  userAgent: {
    env: 'URLDROP_USER_AGENT',
    kind: 'text',
    default: 'urldrop/0.1',
    reason: 'Sent with every request and matched against robots.txt; the operator adds a contact.',
  },
  allowedNetworks: {
    env: 'URLDROP_ALLOWED_NETWORKS',
    kind: 'text',
    default: '',
    reason: 'CIDR blocks beside the public web that may be fetched, comma separated; `*` = any (a laptop against its own servers).',
  },
  proxies: {
    env: 'URLDROP_PROXIES',
    kind: 'text',
    default: '',
    reason: 'Proxies to fetch through in turn, with user and password where wanted; separated by commas or space. For one’s own machine.',
  },
  proxiesSecret: {
    env: 'URLDROP_PROXIES_SECRET',
    kind: 'text',
    default: '',
    reason: 'Name or ARN of a secret in Secrets Manager with such a list; while it cannot be read, nothing is fetched.',
  },
  topicArn: {
    env: 'URLDROP_TOPIC_ARN',
    kind: 'text',
    default: '',
    reason: 'SNS topic that is told when a job has ended; absent: none.',
  },
  webhookUrl: {
    env: 'URLDROP_WEBHOOK_URL',
    kind: 'text',
    default: '',
    reason: 'Where a job that has ended is posted to; absent: nowhere.',
  },
  webhookSecretAt: {
    env: 'URLDROP_WEBHOOK_SECRET_AT',
    kind: 'text',
    default: '',
    reason: 'Where the secret lies that signs those posts: `secretsmanager:<name>` or `file:<path>`; absent: they are not signed.',
  },
  pathStyleS3: {
    env: 'URLDROP_S3_PATH_STYLE',
    kind: 'text',
    default: '',
    reason: '`1` for an S3 that knows no virtual-host buckets (the embedded one).',
  },
  awsTimeoutMs: {
    env: 'URLDROP_AWS_TIMEOUT_MS',
    kind: 'number',
    unit: 'ms',
    default: 10_000,
    min: 100,
    max: 100_000,
    reason:
      'A call to S3 or SQS whose answer has not begun by then is made again; without it a lost one holds a function to its time limit.',
  },
  sliceMs: {
    env: 'URLDROP_SLICE_MS',
    kind: 'number',
    unit: 'ms',
    default: 60_000,
    min: 50,
    max: 600_000,
    reason: 'What one invocation gets done of a batch; inside the function timeout.',
  },
  longSlices: {
    env: 'URLDROP_LONG_SLICES',
    kind: 'number',
    unit: 'invocations',
    default: 0,
    min: 0,
    max: 1_000,
    reason:
      'Up to so many invocations side by side in a process, slices of slow hosts last longer: their ends are waited for. Where slices are short.',
  },
  maxSockets: {
    env: 'URLDROP_MAX_SOCKETS',
    kind: 'number',
    unit: 'sockets',
    default: 768,
    min: 1,
    max: 20_000,
    reason: 'Connections of one invocation; Lambda allows 1,024 file descriptors.',
  },
  maxWaitMs: {
    env: 'URLDROP_MAX_WAIT_MS',
    kind: 'number',
    unit: 'ms',
    default: 2_000,
    min: 0,
    max: 60_000,
    reason: 'A longer wait with nothing else to do is spent in the queue, not on the bill; for each lane of the invocation.',
  },
  memoryMb: {
    env: 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
    kind: 'number',
    unit: 'MB',
    default: 1_024,
    min: 128,
    max: 32_768,
    reason: 'For the cost of an invocation; Lambda sets it.',
  },
  laneConcurrency: {
    env: 'URLDROP_LANE_CONCURRENCY',
    kind: 'number',
    unit: 'requests',
    default: 64,
    min: 1,
    max: 20_000,
    reason: 'Requests in flight that one invocation holds for one lane; a host that allows more is split into several.',
  },
  isAlone: {
    env: 'URLDROP_ALONE',
    kind: 'text',
    default: '',
    reason: '`1` where one job runs and no other: it may then divide a host among lanes as suits it.',
  },
  scrapeMemoryMb: {
    env: 'URLDROP_SCRAPE_MEMORY_MB',
    kind: 'number',
    unit: 'MB',
    default: 512,
    min: 128,
    max: 32_768,
    reason: 'Memory of the scrape function on AWS, for estimates.',
  },
  maxConcurrency: {
    env: 'URLDROP_MAX_CONCURRENCY',
    kind: 'number',
    unit: 'invocations',
    default: 100,
    min: 1,
    max: 10_000,
    reason: 'Scrape invocations at once on AWS, for estimates.',
  },
  minLanes: {
    env: 'URLDROP_MIN_LANES',
    kind: 'number',
    unit: 'lanes',
    default: 1,
    min: 1,
    max: 1_000,
    reason:
      'Lanes of each host that may have as many requests in flight: on one machine with many cores, one host would keep only one of them busy.',
  },
  enqueueBudgetBytes: {
    env: 'URLDROP_ENQUEUE_BUDGET_BYTES',
    kind: 'number',
    unit: 'bytes',
    default: 48_000_000,
    min: 1_000,
    max: 2_000_000_000,
    reason: 'Requests that enqueue holds in memory; what is beyond goes to the bucket and comes back when all is read.',
  },
} as const satisfies Record<string, NumberOption | TextOption>;

type OptionName = keyof typeof optionTable;
export type Options = { readonly [N in OptionName]: (typeof optionTable)[N]['kind'] extends 'number' ? number : string };

/**
 * Reads the options from an environment and reports all faults together.
 *
 * @throws {UsageError} code `bad-option`, one line per fault: variable, expected, received.
 */
export function readOptions(env: Readonly<Record<string, string | undefined>>): Options {
  const faults: string[] = [];
  const read = (option: NumberOption | TextOption): number | string => {
    const raw = env[option.env];
    if (option.kind === 'text') {
      if (raw === undefined && option.default === undefined) faults.push(`${option.env} is not set. ${option.reason}`);
      return raw ?? option.default ?? '';
    }
    if (raw === undefined || raw === '') return option.default;
    const value = Number(raw);
    if (!Number.isFinite(value) || value < option.min || value > option.max) {
      faults.push(`${option.env} must be a number of ${option.unit} from ${option.min} to ${option.max}, not ${JSON.stringify(raw)}.`);
    }
    return value;
  };
  const entries = Object.entries(optionTable).map(([name, option]) => [name, read(option)]);
  if (faults.length > 0) throw new UsageError('bad-option', faults.join('\n'));
  return Object.fromEntries(entries) as Options;
}
