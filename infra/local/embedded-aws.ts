import type { FauxqsServer } from 'fauxqs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UsageError } from '../../functions/job/errors.ts';
import { isSummary } from '../../functions/job/keys.ts';
import { LOCAL_BUCKET } from './bucket-name.ts';
import { settings, type QueueName, type QueueSettings } from '../settings.ts';
import { startGuardedFauxqs } from './guarded-fauxqs.ts';
import { prepareDatabase } from './prepare-database.ts';
import { UploadLog } from './upload-log.ts';

const REGION = 'us-east-1';
export { LOCAL_BUCKET };

/** The embedded SQS and S3 with the bucket and queues of the settings. */
export interface EmbeddedAws {
  readonly server: FauxqsServer;
  /** http://127.0.0.1:port */
  readonly endpoint: string;
  readonly region: string;
  /** Any would do. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly queueUrls: Readonly<Record<QueueName, string>>;
  /** Objects created under the bucket's notification prefix, from earlier runs too. */
  readonly uploads: UploadLog;
  /** Environment that points SDK clients and functions here. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether a queue holds anything, be it in a function's hands or delayed. */
  hasMessages(queue: QueueName): boolean;
  stop(): Promise<void>;
}

export interface EmbeddedAwsOptions {
  /** Queues and objects go to a SQLite database in it, and survive a kill of the process; absent: all in memory. */
  readonly dataDir?: string;
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** The only job whose messages are there; absent: all. */
  readonly job?: string;
  /** An object was created that {@link EmbeddedAws.uploads} tells of. */
  readonly onUpload?: () => void;
  /** A summary was written, of whatever job; it can be read, and its writer does not know yet. */
  readonly onSummary?: (() => void) | undefined;
}

/**
 * Starts SQS and S3 on loopback.
 *
 * @throws {UsageError} `port` if the port is taken or not ours to take.
 */
export async function startEmbeddedAws(options: EmbeddedAwsOptions = {}): Promise<EmbeddedAws> {
  const { server, uploads } = await startServer(options);
  const queues = settings.queues as Readonly<Record<QueueName, QueueSettings>>;
  // Dead-letter queues first: a redrive policy names its target by ARN.
  const names = (Object.keys(queues) as QueueName[]).toSorted(
    (a, b) => Number(queues[a].deadLetters !== undefined) - Number(queues[b].deadLetters !== undefined),
  );
  for (const name of names) {
    if (!server.inspectQueue(queues[name].name)) server.createQueue(queues[name].name, { attributes: queueAttributes(queues[name]) });
  }
  server.createBucket(LOCAL_BUCKET);
  const queueUrls = Object.fromEntries(names.map((name) => [name, `${server.address}/000000000000/${queues[name].name}`])) as Record<
    QueueName,
    string
  >;
  return {
    server,
    endpoint: server.address,
    region: REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    queueUrls,
    uploads,
    environment: {
      AWS_ENDPOINT_URL_S3: server.address,
      AWS_ENDPOINT_URL_SQS: server.address,
      AWS_ENDPOINT_URL_SNS: server.address,
      AWS_REGION: REGION,
      // The embedded services take any credentials; real ones of the user's must not be looked for.
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      URLDROP_BUCKET: LOCAL_BUCKET,
      URLDROP_REQUESTS_QUEUE_URL: queueUrls.requests,
      URLDROP_POSTPONED_QUEUE_URL: queueUrls.postponed,
      URLDROP_S3_PATH_STYLE: '1',
    },
    hasMessages(name) {
      const { ready = [], delayed = [], inflight = [] } = server.inspectQueue(queues[name].name)?.messages ?? {};
      return ready.length + delayed.length + inflight.length > 0;
    },
    stop: () => server.stop(),
  };
}

async function startServer(options: EmbeddedAwsOptions): Promise<{ server: FauxqsServer; uploads: UploadLog }> {
  const port = options.port ?? 0;
  const { notifyPrefix } = settings.bucket;
  const memory = options.dataDir === undefined ? memoryOfUploads() : undefined;
  let uploads = memory && new UploadLog(memory, LOCAL_BUCKET, notifyPrefix);
  try {
    const server = await startGuardedFauxqs(
      { port, region: REGION, ...(options.dataDir !== undefined && { dir: join(options.dataDir, 'aws') }) },
      {
        prepare(database) {
          prepareDatabase(database, Date.now(), options.job);
          uploads = new UploadLog(database, LOCAL_BUCKET, notifyPrefix);
        },
        onObjectCreated(bucket, key) {
          if (bucket !== LOCAL_BUCKET) return;
          if (isSummary(key)) options.onSummary?.();
          if (!key.startsWith(notifyPrefix)) return;
          memory?.prepare('INSERT INTO s3_objects VALUES (?, ?, ?)').run(bucket, key, new Date().toISOString());
          options.onUpload?.();
        },
      },
    );
    if (!uploads) throw new Error('fauxqs made no database');
    return { server, uploads };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    const reason = code === 'EADDRINUSE' ? 'is in use' : 'may not be opened by this user';
    throw new UsageError('port', `Port ${port} ${reason}. Choose another with --port PORT, or none for a free one.`, error);
  }
}

/** Stands in for the database of a fauxqs that keeps its objects in memory. */
function memoryOfUploads(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE s3_objects (bucket TEXT, key TEXT, last_modified TEXT)');
  return database;
}

/** SQS attributes of a queue, as CreateQueue takes them. */
export function queueAttributes(queue: QueueSettings): Record<string, string> {
  const target =
    queue.deadLetters === undefined ? undefined : (settings.queues as Readonly<Record<string, QueueSettings>>)[queue.deadLetters];
  return {
    VisibilityTimeout: String(queue.visibilityTimeoutSeconds),
    MessageRetentionPeriod: String(queue.retentionSeconds),
    ...(queue.fifo && { FifoQueue: 'true', DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' }),
    ...(target && {
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: `arn:aws:sqs:${REGION}:000000000000:${target.name}`,
        maxReceiveCount: queue.maxReceiveCount,
      }),
    }),
  };
}
