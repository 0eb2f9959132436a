import type { Context } from 'aws-lambda';
import { connect } from '../../../functions/aws/cloud.ts';
import { readOptions } from '../../../functions/options.ts';

// Read once, when the function is loaded, as its real handlers do.
const options = readOptions(process.env);
const cloud = connect(options);
let events = 0;

/** What is written of each invocation, `noted/<function>/<n>`. */
export interface Note {
  readonly event: {
    readonly kind?: string;
    readonly Records?: readonly { eventSourceARN?: string; body?: string; s3?: { object: { key: string } } }[];
  };
  readonly remainingMs: number;
  readonly memoryMb: number;
  /** Options that the function finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Stands for any function: writes down what it was invoked with. */
export async function handler(event: Note['event'], context: Context): Promise<void> {
  const note: Note = {
    event,
    remainingMs: context.getRemainingTimeInMillis(),
    memoryMb: options.memoryMb,
    environment: Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('URLDROP_'))) as Record<string, string>,
  };
  await cloud.objects.putJson(`noted/${context.functionName}/${++events}`, note);
}
