import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from './sdk.ts';
import { setTimeout as sleep } from 'node:timers/promises';

/** Limits of SendMessageBatch (AWS SQS quotas): 10 entries, 1 MiB for all of them together. */
const MAX_ENTRIES = 10;
const MAX_BYTES = 1_048_576;
/** SQS delays a message by 15 minutes at most (AWS SQS quotas). */
export const MAX_DELAY_SECONDS = 900;
/** Tries of a batch whose entries SQS refused for a reason of its own; the SDK retries failed calls by itself. */
const MAX_TRIES = 5;

export interface OutgoingMessage {
  readonly body: string;
  /** FIFO queues: message group and deduplication id. */
  readonly group?: string;
  readonly deduplicationId?: string;
  /** Standard queues only: FIFO refuses a delay per message. */
  readonly delaySeconds?: number;
}

/** One SQS queue. */
export class Queue {
  readonly url: string;
  readonly #sqs: SQSClient;

  constructor(sqs: SQSClient, url: string) {
    this.#sqs = sqs;
    this.url = url;
  }

  /**
   * Sends messages in order, as few calls as the limits allow. Entries that SQS refuses for its own reasons are sent again.
   *
   * @throws {Error} naming SQS's code, if an entry cannot be sent; earlier ones may have been.
   */
  async send(messages: Iterable<OutgoingMessage>): Promise<void> {
    for (const group of packed(messages)) await this.#sendBatch(group);
  }

  async delete(receiptHandle: string): Promise<void> {
    await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.url, ReceiptHandle: receiptHandle }));
  }

  /** Lets a message come back sooner than its visibility timeout: in `seconds`, at least 1 (the embedded SQS loses a message given 0). */
  async release(receiptHandle: string, seconds: number): Promise<void> {
    await this.#sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: this.url,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: Math.max(1, Math.ceil(seconds)),
      }),
    );
  }

  async #sendBatch(messages: readonly OutgoingMessage[]): Promise<void> {
    let entries: SendMessageBatchRequestEntry[] = messages.map((m, i) => ({
      Id: String(i),
      MessageBody: m.body,
      ...(m.group !== undefined && { MessageGroupId: m.group }),
      ...(m.deduplicationId !== undefined && { MessageDeduplicationId: m.deduplicationId }),
      ...(m.delaySeconds !== undefined && { DelaySeconds: m.delaySeconds }),
    }));
    for (let tries = 1; ; tries++) {
      const answer = await this.#sqs.send(new SendMessageBatchCommand({ QueueUrl: this.url, Entries: entries }));
      const failed = answer.Failed ?? [];
      if (failed.length === 0) return;
      const final = failed.find((f) => f.SenderFault) ?? (tries >= MAX_TRIES ? failed[0] : undefined);
      if (final)
        throw new Error(`SQS refused ${failed.length} of ${entries.length} messages for ${this.url}: ${final.Code} ${final.Message ?? ''}`);
      const again = new Set(failed.map((f) => f.Id));
      // From the first refused one on, so that messages of one group stay in order; what went through is dropped by its deduplication id.
      const first = entries.findIndex((e) => again.has(e.Id));
      entries = entries.slice(first).filter((e) => again.has(e.Id) || e.MessageDeduplicationId !== undefined);
      await sleep(50 * 2 ** tries);
    }
  }
}

/** Cuts messages into calls of at most 10 entries and 1 MiB. */
export function* packed(messages: Iterable<OutgoingMessage>): Generator<OutgoingMessage[]> {
  let call: OutgoingMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.body);
    if (call.length > 0 && (call.length === MAX_ENTRIES || bytes + size > MAX_BYTES)) {
      yield call;
      call = [];
      bytes = 0;
    }
    call.push(message);
    bytes += size;
  }
  if (call.length > 0) yield call;
}
