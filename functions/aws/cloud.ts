import type { Batch } from '../job/batch.ts';
import type { Options } from '../options.ts';
import { createClients } from './clients.ts';
import { ObjectStore } from './objects.ts';
import { MAX_DELAY_SECONDS, Queue, type OutgoingMessage } from './queue.ts';
import type { UsageMeter } from './usage.ts';

/** The bucket and the queues of one urldrop, as every function sees them. */
export interface Cloud {
  readonly objects: ObjectStore;
  readonly requests: Queue;
  readonly postponed: Queue;
  readonly meter: UsageMeter;
}

type CloudOptions = Pick<Options, 'bucket' | 'requestsQueueUrl' | 'postponedQueueUrl' | 'pathStyleS3' | 'awsTimeoutMs'>;

export function connect(options: CloudOptions): Cloud {
  const { s3, sqs, meter } = createClients(options.pathStyleS3 === '1', {}, options.awsTimeoutMs);
  return {
    objects: new ObjectStore(s3, options.bucket),
    requests: new Queue(sqs, options.requestsQueueUrl),
    postponed: new Queue(sqs, options.postponedQueueUrl),
    meter,
  };
}

/** Sends batches where they belong: due ones to Requests (group = lane), the others to Postponed with as much delay as SQS allows. */
export async function sendBatches(cloud: Cloud, batches: Iterable<Batch>, nowMs: number): Promise<void> {
  const due: OutgoingMessage[] = [];
  const waiting: OutgoingMessage[] = [];
  for (const batch of batches) {
    const waitMs = (batch.notBefore ?? 0) - nowMs;
    const body = JSON.stringify(batch);
    // SQS has seen the id before, and might still know it.
    const deduplicationId = batch.buried ? `${batch.id}-buried` : batch.id;
    if (waitMs <= 0) due.push({ body, group: batch.lane, deduplicationId });
    else waiting.push({ body, delaySeconds: Math.min(MAX_DELAY_SECONDS, Math.ceil(waitMs / 1000)) });
  }
  await Promise.all([cloud.requests.send(due), cloud.postponed.send(waiting)]);
}
