import type { FauxqsServer } from 'fauxqs';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../functions/job/errors.ts';
import { LOCAL_BUCKET } from './bucket-name.ts';
import { expireObjects } from './expiry.ts';
import { startGuardedFauxqs, type ObjectEventName, type WriteHooks } from './guarded-fauxqs.ts';
import { repairS3 } from './s3-repair.ts';
import { WriteUndo } from './write-undo.ts';
import { settings, type QueueName, type QueueSettings } from '../settings.ts';

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
  /** Environment that points SDK clients and functions here. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Hears of an object before its writer does: once this has returned, the upload cannot be missed. */
export type OnObjectCreated = (object: { readonly bucket: string; readonly key: string; readonly eventName: ObjectEventName }) => void;

export interface EmbeddedAwsOptions {
  /** Queues go to SQLite and objects to files below it, and survive a kill of the process; absent: all in memory. */
  readonly dataDir?: string;
  /** 0 or absent: a free one. */
  readonly port?: number;
  readonly onObjectCreated?: OnObjectCreated;
}

/**
 * Starts SQS and S3 on loopback.
 *
 * @throws {UsageError} `port` if the port is taken or not ours to take.
 */
export async function startEmbeddedAws(options: EmbeddedAwsOptions = {}): Promise<EmbeddedAws> {
  const server = await startServer(options);
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
    environment: {
      AWS_ENDPOINT_URL_S3: server.address,
      AWS_ENDPOINT_URL_SQS: server.address,
      AWS_REGION: REGION,
      // The embedded services take any credentials; real ones of the user's must not be looked for.
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      URLDROP_BUCKET: LOCAL_BUCKET,
      URLDROP_REQUESTS_QUEUE_URL: queueUrls.requests,
      URLDROP_POSTPONED_QUEUE_URL: queueUrls.postponed,
      URLDROP_S3_PATH_STYLE: '1',
    },
    stop: () => server.stop(),
  };
}

async function startServer(options: EmbeddedAwsOptions): Promise<FauxqsServer> {
  const port = options.port ?? 0;
  try {
    if (options.dataDir === undefined)
      return await startGuardedFauxqs({ port, region: REGION }, writeHooks(undefined, options.onObjectCreated));
    const sqsDir = join(options.dataDir, 'sqs');
    const s3Dir = join(options.dataDir, 's3');
    const undo = new WriteUndo(s3Dir);
    undo.rollback();
    expireObjects(join(s3Dir, 'buckets', LOCAL_BUCKET, 'objects'), Date.now());
    // Whoever was uploading in parts died with the process; fauxqs would load the parts into memory.
    rmSync(join(s3Dir, '_multipart'), { recursive: true, force: true });
    const start = () => startGuardedFauxqs({ port, region: REGION, sqsDir, s3Dir }, writeHooks(undo, options.onObjectCreated));
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      repairS3(s3Dir);
      return await start();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    const reason = code === 'EADDRINUSE' ? 'is in use' : 'may not be opened by this user';
    throw new UsageError('port', `Port ${port} ${reason}. Choose another with --port PORT, or none for a free one.`, error);
  }
}

function writeHooks(undo: WriteUndo | undefined, onObjectCreated: OnObjectCreated | undefined): WriteHooks {
  return {
    begin: (bucket, key, copiesItself) => undo?.begin(bucket, key, copiesItself),
    commit(bucket, key, eventName) {
      if (eventName !== undefined) onObjectCreated?.({ bucket, key, eventName });
      undo?.commit();
    },
    rollback: () => undo?.rollback(),
  };
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
