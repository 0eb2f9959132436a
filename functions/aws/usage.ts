import type { Usage } from '../job/outcome.ts';

/** Counts billed AWS calls as they go out. One per process: calls of an invocation are the difference between two readings. */
export class UsageMeter {
  s3Writes = 0;
  s3Reads = 0;
  sqsRequests = 0;

  reading(): Omit<Usage, 'gbSeconds'> {
    return { s3Writes: this.s3Writes, s3Reads: this.s3Reads, sqsRequests: this.sqsRequests };
  }
}
