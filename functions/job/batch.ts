import { createHash } from 'node:crypto';
import type { Request } from './request.ts';

/** Requests of one gzip member of a segment; every member but a run's last holds exactly this many. */
export const REQUESTS_PER_MEMBER = 1000;

/**
 * JSON bytes of requests that travel inside a message: so many that a call with ten messages is one SQS request as billed, per 64 KiB (AWS
 * SQS pricing). A longer run costs less as a part of a segment, which is one GET.
 */
export const MAX_INLINE_BYTES = 6 * 1024;

/**
 * Part of a segment object: consecutive gzip members of {@link REQUESTS_PER_MEMBER} requests each, one request a line.
 * Members are listed so that a reader in the middle of a long run fetches only the bytes it needs.
 */
export interface SegmentRange {
  readonly key: string;
  /** Byte offset of the first member in the object. */
  readonly offset: number;
  /** Compressed byte length of each member, in order. */
  readonly members: readonly number[];
  /** Requests of the first member that belong to somebody else (already worked). */
  readonly skip: number;
}

/** A run of requests of one lane: the body of one SQS message (JSON). Exactly one of `requests` and `segment` is there. */
export interface Batch {
  readonly v: 1;
  readonly job: string;
  /** 32 hex digits, see {@link batchId}. Also the FIFO deduplication id. */
  readonly id: string;
  /** FIFO message group. */
  readonly lane: string;
  readonly count: number;
  readonly requests?: readonly Request[];
  readonly segment?: SegmentRange;
  /** No requests: the lane looks for pages of the scraper that the job has not reached. */
  readonly sweep?: true;
  /** ms since the epoch: waits in the Postponed queue until then. */
  readonly notBefore?: number;
  /** Of the job, 2 or more; absent = 1. Children have their parent's. */
  readonly attempt?: number;
  /** No requests of its own: it takes up failed ones again. */
  readonly retry?: RetryOrder;
  /** It came back from the dead letters: committed, it is finished; else its requests end as crashed, in their lane and unseen. */
  readonly buried?: true;
}

/** Which failed requests an attempt takes up, as a chain of batches in a lane of its own. */
export interface RetryOrder {
  /** Codes of the error lines; absent: all but `robots`. */
  readonly codes?: readonly string[];
  /** Key of the errors object to begin with; absent: the first. */
  readonly from?: string;
}

/**
 * Names a batch by where it comes from, so that a repeat of its parent names it the same.
 *
 * @param parent - id of the parent batch, or the job's id for a root batch.
 * @param place - the child's place in its parent: kind and number, free of any content that could change between runs.
 * @returns 32 lower-case hex digits (128 bits of SHA-256): short for ever, however long the chain.
 */
export function batchId(parent: string, place: string): string {
  return createHash('sha256').update(`${parent} ${place}`).digest('hex').slice(0, 32);
}
