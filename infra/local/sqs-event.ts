import type { SQSEvent, SQSRecordAttributes } from 'aws-lambda';
import type { ReceivedMessage } from '../../functions/aws/source-queue.ts';

/** The event that an event source mapping makes of received messages (AWS Lambda developer guide, "Using Lambda with Amazon SQS"). */
export function sqsEventOf(messages: readonly ReceivedMessage[], queueName: string, region: string): SQSEvent {
  return {
    Records: messages.map((m) => ({
      messageId: m.messageId,
      receiptHandle: m.receiptHandle,
      body: m.body,
      attributes: m.attributes as unknown as SQSRecordAttributes,
      messageAttributes: {},
      md5OfBody: m.md5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:${region}:000000000000:${queueName}`,
      awsRegion: region,
    })),
  };
}

/**
 * Which messages of a batch come back, as Lambda reads a function's answer with ReportBatchItemFailures: nothing or an empty
 * list = none; an id that is empty or not of the batch = all of them.
 *
 * @param answer - what the handler returned.
 * @returns message ids.
 * @see AWS Lambda developer guide, "Success and failure conditions" of partial batch responses.
 */
export function failedMessageIds(answer: unknown, messages: readonly ReceivedMessage[]): Set<string> {
  const all = new Set(messages.map((m) => m.messageId));
  if (answer === null || answer === undefined) return new Set();
  if (typeof answer !== 'object') return all;
  const { batchItemFailures } = answer as { batchItemFailures?: unknown };
  if (batchItemFailures === null || batchItemFailures === undefined) return new Set();
  if (!Array.isArray(batchItemFailures)) return all;
  const failed = batchItemFailures.map((f) => (f as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  return failed.every((id) => typeof id === 'string' && all.has(id)) ? new Set(failed as string[]) : all;
}
