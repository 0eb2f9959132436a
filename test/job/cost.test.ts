import { expect, it } from 'vitest';
import { costOf, prices } from '../../functions/job/cost.ts';

it('prices what was used, by service, and says of when the prices are', () => {
  const cost = costOf({ s3Writes: 1_000_000, s3Reads: 1_000_000, sqsRequests: 1_000_000, gbSeconds: 1_000_000 }, 1_000_000);
  expect(cost).toEqual({ usd: 19.4334, lambda: 13.5334, s3: 5.4, sqs: 0.5, pricesAsOf: prices.asOf });
});

it('keeps the cost of a small job visible', () => {
  expect(costOf({ s3Writes: 3, s3Reads: 4, sqsRequests: 5, gbSeconds: 0.5 }).usd).toBeGreaterThan(0.00002);
});
