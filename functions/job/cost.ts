import type { Usage } from './outcome.ts';

/**
 * What AWS asks for, in US dollars: list prices of us-east-1 without free tier, as published in `asOf`. The only price table there is;
 * an operator elsewhere edits it here.
 */
export const prices = {
  asOf: '2026-11',
  region: 'us-east-1',
  /** Lambda on arm64, first tier, per GB-second (AWS Lambda pricing). */
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.2 / 1_000_000,
  /** PUT, COPY, POST, LIST of S3 Standard (Amazon S3 pricing). */
  s3Write: 0.005 / 1_000,
  /** GET, HEAD and all other requests of S3 Standard. */
  s3Read: 0.0004 / 1_000,
  /** FIFO queues, per request of up to 64 KiB (Amazon SQS pricing); the few standard requests are counted at this price too. */
  sqsRequest: 0.5 / 1_000_000,
} as const;

/** Dollars by service. */
export interface Cost {
  readonly usd: number;
  readonly lambda: number;
  readonly s3: number;
  readonly sqs: number;
  /** Date of the price table. */
  readonly pricesAsOf: string;
}

/**
 * The cost of measured use. Traffic is not in it: what comes into AWS is free, and results stay in the bucket. Storage is not either:
 * it depends on how long they stay.
 *
 * @param invocations - Lambda invocations, where they are known.
 */
export function costOf(usage: Usage, invocations = 0): Cost {
  const lambda = usage.gbSeconds * prices.lambdaGbSecond + invocations * prices.lambdaRequest;
  const s3 = usage.s3Writes * prices.s3Write + usage.s3Reads * prices.s3Read;
  const sqs = usage.sqsRequests * prices.sqsRequest;
  return { usd: round(lambda + s3 + sqs), lambda: round(lambda), s3: round(s3), sqs: round(sqs), pricesAsOf: prices.asOf };
}

/** To a billionth of a dollar: a small job's cost stays visible, and sums stay readable. */
function round(usd: number): number {
  return Math.round(usd * 1e9) / 1e9;
}
