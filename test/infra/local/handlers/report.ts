import type { SQSEvent } from 'aws-lambda';
import { connect } from '../../../../functions/aws/cloud.ts';
import { readOptions } from '../../../../functions/options.ts';

const options = readOptions(process.env);
const cloud = connect(options);
let ticks = 0;

/** A small report: counts its ticks, notes dead letters under `dead/`. */
export async function handler(event: { kind: 'tick' } | SQSEvent): Promise<void> {
  if ('kind' in event) {
    await cloud.objects.putJson('ticks', { ticks: ++ticks, memoryMb: options.memoryMb });
    return;
  }
  for (const record of event.Records) await cloud.objects.putJson(`dead/${record.body.split(' ')[0]}`, record);
}
