import { REQUESTS_PER_MEMBER } from '../../../functions/job/batch.ts';
import type { Usage } from '../../../functions/job/outcome.ts';
import { MAX_MEMBERS_PER_GET } from '../../../functions/job/segment.ts';
import { minutesBetween } from '../../../functions/report/tick.ts';

/** Report's listings of all outcomes that there are by then, and the three objects it writes each time. */
export function reportUsage(commits: ReadonlyMap<number, number>, seconds: number, memoryMb: number): Usage {
  const perMinute = new Map<number, number>();
  for (const [second, count] of commits) {
    const minute = Math.floor(second / 60);
    perMinute.set(minute, (perMinute.get(minute) ?? 0) + count);
  }
  let [outcomes, ticks, lists] = [0, 0, 0];
  for (let minute = 0; minute <= seconds / 60; minute++) {
    outcomes += perMinute.get(minute) ?? 0;
    if (minute % minutesBetween(outcomes) !== 0) continue;
    ticks++;
    lists += Math.ceil((outcomes + 1) / 1_000);
  }
  // Each outcome is read once, 32 at a time of some 30 ms.
  const gbSeconds = ((outcomes / 32) * 0.03 + ticks * 0.2) * (memoryMb / 1024);
  return { s3Writes: lists + 3 * ticks, s3Reads: outcomes + 2 * ticks, sqsRequests: 0, gbSeconds };
}

/** What enqueue asks of S3 beside segments: the input; the job's definition three times, the mark that it is active. */
export const JOB_CALLS = { s3Reads: 2, s3Writes: 4 } as const;
/** A packed request line: 65 bytes of URL at gzip's level 2. */
export const PACKED_BYTES = 14;
/** Of a message round its requests, and of the range of a segment that stands for them. */
export const HEAD_BYTES = 120;
export const RANGE_BYTES = 200;
/** SQS is billed by 64 KiB of payload. */
const SQS_UNIT_BYTES = 65_536;

const messages = new Map<number, { readonly body: string }>();

/** A message of so many bytes. */
export function messageOf(bytes: number): { readonly body: string } {
  let message = messages.get(bytes);
  if (!message) messages.set(bytes, (message = { body: ' '.repeat(bytes) }));
  return message;
}

export function units(call: readonly { readonly body: string }[]): number {
  return Math.max(1, Math.ceil(call.reduce((sum, { body }) => sum + body.length, 0) / SQS_UNIT_BYTES));
}

/** GETs for so many requests of a run: one member first, then twice as many each time. */
export function getsOf(from: number, requests: number): number {
  const last = Math.ceil((from + requests) / REQUESTS_PER_MEMBER);
  let gets = 0;
  for (let members = last - Math.floor(from / REQUESTS_PER_MEMBER), wanted = 1; members > 0; gets++) {
    members -= wanted;
    wanted = Math.min(wanted * 2, MAX_MEMBERS_PER_GET);
  }
  return gets;
}
