import type { ObjectStore } from '../../functions/aws/objects.ts';
import { UsageError } from '../../functions/job/errors.ts';
import { prefixes } from '../../functions/job/keys.ts';
import { CommandFailure } from './command-failure.ts';
import type { Place } from './place.ts';

export interface AwsBucket {
  readonly bucket: string;
  /** Default: what AWS's own settings say. */
  readonly region?: string;
  /** Flags that lead here again. */
  readonly flags: string;
}

/**
 * Opens a bucket on AWS, with the credentials that the AWS SDK finds (environment, profile, SSO, roles).
 *
 * @throws {UsageError} `aws` where a person has to set something first; {CommandFailure} where AWS cannot be reached.
 */
export async function openAwsBucket({ bucket, region, flags }: AwsBucket): Promise<Place> {
  const [{ createClients }, { ObjectStore: Store }] = await Promise.all([
    import('../../functions/aws/clients.ts'),
    import('../../functions/aws/objects.ts'),
  ]);
  const { s3 } = createClients(false, region === undefined ? {} : { region });
  const objects = new Store(s3, bucket);
  try {
    await askForJobs(objects);
  } catch (error) {
    s3.destroy();
    throw whatToDo(error as AwsError, bucket);
  }
  return { objects, name: `bucket ${bucket}`, flags, isServed: true, close: () => Promise.resolve(s3.destroy()) };
}

/** The first call of nearly every command: what is wrong with bucket, region or credentials shows here. */
async function askForJobs(objects: ObjectStore): Promise<void> {
  for await (const _ of objects.list(prefixes.jobs)) return;
}

/** As much of an error of the AWS SDK as is looked at. */
interface AwsError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly Region?: string;
}

function whatToDo(error: AwsError, bucket: string): Error {
  const { name, message } = error;
  const status = error.$metadata?.httpStatusCode;
  const region = error.$response?.headers?.['x-amz-bucket-region'] ?? error.Region;
  const fault = (text: string) => new UsageError('aws', text, error);
  if (name === 'CredentialsProviderError')
    return fault('There are no AWS credentials: set AWS_PROFILE (after `aws sso login`), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.');
  if (message === 'Region is missing') return fault(`Nothing says in which region the bucket ${bucket} is: set AWS_REGION.`);
  if (name === 'NoSuchBucket') return fault(`There is no bucket ${bucket}. The output BucketName of the stack has its name.`);
  if (/^(PermanentRedirect|AuthorizationHeaderMalformed)$/.test(name) || status === 301)
    return fault(`The bucket ${bucket} is in another region: set AWS_REGION=${region ?? 'its region'}.`);
  if (/^(ExpiredToken|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken)/.test(name))
    return fault(`AWS does not take these credentials (${name}): renew them, for example with \`aws sso login\`.`);
  if (status === 403) return fault(`These credentials may not read the bucket ${bucket}: they need s3:ListBucket and s3:GetObject on it.`);
  return new CommandFailure(`Bucket ${bucket} cannot be read: ${[error.code, message].filter((text) => text).join(' ')}`);
}
