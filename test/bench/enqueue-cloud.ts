import { startEmbeddedAws } from '../../infra/local/embedded-aws.ts';

/** A process of its own for the embedded SQS and S3, so that only enqueue is measured. Tells its parent where it is. */
const aws = await startEmbeddedAws();
process.send?.(aws.environment);
process.once('disconnect', () => void aws.stop());
