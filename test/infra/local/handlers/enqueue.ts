import type { S3Event } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../../../functions/aws/cloud.ts';
import type { ScheduleEvent } from '../../../../functions/enqueue/job-plan.ts';
import { readOptions } from '../../../../functions/options.ts';

const cloud = connect(readOptions(process.env));

/**
 * A small enqueue: notes a firing of a schedule under `fired/`, an upload under `seen/`; then sends one message for each line `lane what` of the object
 * (`#` begins a comment). An object named `throw…` makes it throw, `slow…` wait for `go/enqueue`.
 */
export async function handler(event: S3Event | ScheduleEvent): Promise<void> {
  if ('kind' in event) return cloud.objects.putJson(`fired/${event.scraper}`, event);
  for (const record of event.Records) {
    const key = decodeURIComponent(record.s3.object.key.replaceAll('+', ' '));
    if (key.includes('throw')) throw new Error(`told to throw by ${key}`);
    if (key.includes('slow')) {
      await cloud.objects.putJson(`begun/${randomUUID()}`, record);
      while (!(await cloud.objects.head('go/enqueue'))) await sleep(20);
    }
    const text = (await cloud.objects.getText(key)) ?? '';
    const messages = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line, i) => ({ body: line, group: line.split(' ')[0] ?? '', deduplicationId: `${record.s3.object.sequencer}-${i}` }));
    await cloud.requests.send(messages);
    await cloud.objects.putJson(`seen/${record.s3.object.sequencer}`, record);
  }
}
