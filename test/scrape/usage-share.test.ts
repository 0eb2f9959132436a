import { expect, it } from 'vitest';
import { UsageMeter } from '../../functions/aws/usage.ts';
import { addUsage } from '../../functions/job/summary.ts';
import { UsageShare } from '../../functions/job/usage-share.ts';

it('shares of an invocation add up to the whole of it', () => {
  const meter = new UsageMeter();
  let nowMs = 1_000;
  const share = new UsageShare(meter, 512, () => nowMs);
  meter.s3Writes = 3;
  nowMs = 3_000;
  const first = share.take();
  meter.s3Writes = 5;
  meter.sqsRequests = 2;
  nowMs = 7_000;
  const second = share.take();
  expect(first).toEqual({ s3Writes: 3, s3Reads: 0, sqsRequests: 0, gbSeconds: 1 });
  expect(addUsage(first, second)).toEqual({ s3Writes: 5, s3Reads: 0, sqsRequests: 2, gbSeconds: 3 });
});
