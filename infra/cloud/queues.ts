import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { QueueName, QueueSettings } from '../settings.ts';

/** The queues of the settings, dead-letter targets wired; encrypted, TLS only. Names are CloudFormation's own. */
export class Queues extends Construct {
  readonly byName: Readonly<Record<QueueName, Queue>>;

  constructor(scope: Construct, id: string, queues: Readonly<Record<QueueName, QueueSettings>>, key: IKey | undefined) {
    super(scope, id);
    const made: Partial<Record<QueueName, Queue>> = {};
    const make = (name: QueueName): Queue => (made[name] ??= this.#queue(name, queues[name], key, make));
    for (const name of Object.keys(queues) as QueueName[]) make(name);
    this.byName = made as Record<QueueName, Queue>;
  }

  #queue(name: QueueName, queue: QueueSettings, key: IKey | undefined, other: (name: QueueName) => Queue): Queue {
    const { fifo, maxReceiveCount, deadLetters } = queue;
    return new Queue(this, name, {
      visibilityTimeout: Duration.seconds(queue.visibilityTimeoutSeconds),
      retentionPeriod: Duration.seconds(queue.retentionSeconds),
      enforceSSL: true,
      ...(key ? { encryption: QueueEncryption.KMS, encryptionMasterKey: key } : { encryption: QueueEncryption.SQS_MANAGED }),
      // High-throughput mode: order and deduplication hold per lane, and so do SQS's rate limits.
      ...(fifo && {
        fifo,
        deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
        fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      }),
      ...(maxReceiveCount !== undefined && { deadLetterQueue: { maxReceiveCount, queue: other(deadLetters as QueueName) } }),
    });
  }
}
