import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from './sdk.ts';

/** Entries of one batch call (AWS SQS quotas). */
const MAX_ENTRIES = 10;

export interface ReceivedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  /** System attributes by SQS's names: ApproximateReceiveCount, SentTimestamp, MessageGroupId, … */
  readonly attributes: Readonly<Record<string, string>>;
}

/** The receiving side of one SQS queue. On AWS Lambda does this; here it is for whoever stands in for Lambda. */
export class SourceQueue {
  readonly url: string;
  readonly #sqs: SQSClient;

  constructor(sqs: SQSClient, url: string) {
    this.#sqs = sqs;
    this.url = url;
  }

  /**
   * Long-polls once.
   *
   * @param max - 1 to 10 messages.
   * @param waitSeconds - 0 to 20.
   * @param signal - ends the wait; the promise is then rejected.
   */
  async receive(max: number, waitSeconds: number, signal: AbortSignal): Promise<ReceivedMessage[]> {
    const answer = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.url,
        MaxNumberOfMessages: max,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
      }),
      { abortSignal: signal },
    );
    return (answer.Messages ?? []).map((m) => ({
      messageId: m.MessageId ?? '',
      receiptHandle: m.ReceiptHandle ?? '',
      body: m.Body ?? '',
      md5OfBody: m.MD5OfBody ?? '',
      attributes: (m.Attributes ?? {}) as Readonly<Record<string, string>>,
    }));
  }

  /** Deleting a message twice is no error. */
  async delete(receiptHandles: readonly string[]): Promise<void> {
    for (const entries of batches(receiptHandles)) {
      await this.#sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries: entries }));
    }
  }

  /**
   * Makes messages visible again after a while. One that is deleted or visible already is left as it is.
   *
   * @param seconds - at least 1: the embedded SQS (fauxqs 2.4.1) loses a message that is given 0.
   */
  async giveBack(receiptHandles: readonly string[], seconds: number): Promise<void> {
    const VisibilityTimeout = Math.max(1, Math.ceil(seconds));
    for (const entries of batches(receiptHandles)) {
      const Entries = entries.map(({ Id, ReceiptHandle }) => ({ Id, ReceiptHandle, VisibilityTimeout }));
      await this.#sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.url, Entries }));
    }
  }

  async setAttributes(attributes: Readonly<Record<string, string>>): Promise<void> {
    await this.#sqs.send(new SetQueueAttributesCommand({ QueueUrl: this.url, Attributes: attributes }));
  }
}

function* batches(receiptHandles: readonly string[]): Generator<{ Id: string; ReceiptHandle: string }[]> {
  for (let at = 0; at < receiptHandles.length; at += MAX_ENTRIES) {
    yield receiptHandles.slice(at, at + MAX_ENTRIES).map((ReceiptHandle, i) => ({ Id: String(i), ReceiptHandle }));
  }
}
