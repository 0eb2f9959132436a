import { startFauxqs, type FauxqsServer } from 'fauxqs';
import { join } from 'node:path';
import { settings, type QueueName, type QueueSettings } from '../settings.ts';

const REGION = 'us-east-1';
export const LOCAL_BUCKET = 'urldrop';

/** The embedded SQS and S3 with the bucket and queues of the settings. */
export interface EmbeddedAws {
  readonly server: FauxqsServer;
  /** http://127.0.0.1:port */
  readonly endpoint: string;
  readonly queueUrls: Readonly<Record<QueueName, string>>;
  /** Environment that points SDK clients and functions here. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * Starts SQS and S3 on loopback.
 *
 * @param options.dataDir - queues go to SQLite and objects to files below it, and survive a restart; absent: all in memory.
 * @param options.port - 0 or absent: a free one.
 */
export async function startEmbeddedAws(options: { dataDir?: string; port?: number } = {}): Promise<EmbeddedAws> {
  const server = await startFauxqs({
    port: options.port ?? 0,
    logger: false,
    defaultRegion: REGION,
    ...(options.dataDir !== undefined && { dataDir: join(options.dataDir, 'sqs'), s3StorageDir: join(options.dataDir, 's3') }),
  });
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
