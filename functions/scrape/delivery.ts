import type { Batch } from '../job/batch.ts';
import type { UsageShare } from '../job/usage-share.ts';
import type { IdleWatch } from './idle-watch.ts';
import type { JobBook } from './job-book.ts';
import type { SliceTime } from './slice-time.ts';
import type { Tools } from './tools.ts';

/** A batch as SQS delivered it. */
export interface Delivery {
  readonly batch: Batch;
  readonly receiptHandle: string;
  /** Above 1: an earlier function may have died on it. */
  readonly receiveCount: number;
}

/** What the batches of one invocation share. */
export interface Invocation extends SliceTime {
  readonly tools: Tools;
  readonly jobs: JobBook;
  readonly usage: UsageShare;
  readonly idle: IdleWatch;
  /** What is under way then is given up. */
  readonly hardEndMs: number;
}
