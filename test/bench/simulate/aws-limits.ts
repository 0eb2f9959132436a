/** What AWS says of its own limits, for the simulation. Looked up in November 2026. */
export const awsLimits = {
  /** Messages at the head of a FIFO queue among which SQS looks for free groups (Amazon SQS developer guide, "Avoid large message backlogs"). */
  fifoLookAhead: 120_000,
  /** Messages of a FIFO queue in flight (Amazon SQS FIFO queue quotas). */
  fifoInFlight: 120_000,
  /** API calls a second of one action on a high-throughput FIFO queue, in the regions that are given least and most (Amazon SQS message quotas). */
  fifoCallsPerSecond: { least: 2_400, most: 70_000 },
  /** Calls a second of one action on one partition; the groups of a queue are spread over its partitions (the same). */
  fifoCallsPerPartition: 300,
  /** Pollers of an event source at its start, and what is added a minute (AWS Lambda developer guide, "Scaling for SQS"; said of standard queues, not of FIFO ones). */
  pollersAtStart: 5,
  pollersPerMinute: 300,
  /** Writes a second under one prefix before S3 has split it (Amazon S3 user guide, "Optimizing performance"). */
  s3WritesPerPrefix: 3_500,
  s3ReadsPerPrefix: 5_500,
} as const;
