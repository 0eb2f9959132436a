import { connect, type Cloud } from '../../functions/aws/cloud.ts';
import { readOptions } from '../../functions/options.ts';
import { startEmbeddedAws, type EmbeddedAws } from '../../infra/local/embedded-aws.ts';

/** An embedded SQS and S3 in memory with the clients of the functions on it; stops when the test's scope ends. */
export async function startCloud(): Promise<{ cloud: Cloud; aws: EmbeddedAws }> {
  const aws = await startEmbeddedAws();
  // The SDK reads endpoint and credentials when a client makes its first call, so they stay set for the file's lifetime.
  Object.assign(process.env, aws.environment);
  return { aws, cloud: connect(readOptions(aws.environment)) };
}
