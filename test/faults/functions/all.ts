import type { Context, S3Event, SQSEvent } from 'aws-lambda';
import { handler as report } from '../../../functions/report/handler.ts';
import { handler as enqueue } from './enqueue.ts';
import { handler as scrape } from './scrape.ts';

/** The three functions as one module: what dies and is started again at every strike loads what they share once. */
export function handler(event: unknown, context: Context): Promise<unknown> {
  if (context.functionName === 'scrape') return scrape(event as SQSEvent, context);
  return context.functionName === 'enqueue' ? enqueue(event as S3Event, context) : report(event as SQSEvent, context);
}
