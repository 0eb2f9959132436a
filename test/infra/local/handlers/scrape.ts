import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { connect } from '../../../../functions/aws/cloud.ts';
import { readOptions } from '../../../../functions/options.ts';
import { settings } from '../../../../infra/settings.ts';

const options = readOptions(process.env);
const cloud = connect(options);

/** What is written of each delivery, `ran/<lane>/<receive count>`. */
export interface Ran {
  readonly what: string;
  readonly threadId: number;
  readonly requestId: string;
  readonly functionName: string;
  readonly memoryMb: number;
  readonly remainingMs: number;
  readonly lanesInEvent: number;
  readonly record: SQSRecord;
}

/** A small scrape: the body of a message is `lane what`; `what` happens at the first delivery, the second one passes. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const failures: SQSBatchResponse['batchItemFailures'] = [];
  await Promise.all(
    event.Records.map(async (record) => {
      const [lane = '', what = ''] = record.body.split(' ');
      const receives = Number(record.attributes.ApproximateReceiveCount);
      const ran: Ran = {
        what,
        threadId,
        requestId: context.awsRequestId,
        functionName: context.functionName,
        memoryMb: options.memoryMb,
        remainingMs: context.getRemainingTimeInMillis(),
        lanesInEvent: event.Records.length,
        record,
      };
      await cloud.objects.putJson(`ran/${lane}/${receives}`, ran);
      if (what === 'wait') await until(`go/${lane}`);
      // As long as there is time, which with a whole invocation ahead there is.
      if (what === 'last') await untilHastened(context);
      if (receives > 1 && what !== 'always-exit') return;
      if (what === 'exit' || what === 'always-exit') process.exit(7);
      if (what === 'uncaught') setImmediate(() => JSON.parse('no JSON'));
      if (what === 'loop') for (;;);
      if (what === 'throw') throw new Error('told to throw');
      if (what === 'allocate') for (const hoard: number[][] = []; ;) hoard.push(Array.from({ length: 1e5 }, Math.random));
      if (what === 'uncaught' || what === 'hang') await new Promise(() => {});
      if (what === 'fail') {
        await cloud.requests.release(record.receiptHandle, 1);
        failures.push({ itemIdentifier: record.messageId });
      }
    }),
  );
  return { batchItemFailures: failures };
}

async function until(key: string): Promise<void> {
  while (!(await cloud.objects.head(key))) await sleep(20);
}

async function untilHastened(context: Context): Promise<void> {
  while (context.getRemainingTimeInMillis() > settings.functions.scrape.timeoutSeconds * 500) await sleep(20);
}
