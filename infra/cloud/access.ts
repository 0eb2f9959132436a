import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { FunctionName, QueueName } from '../settings.ts';

/** What a function may do beside reading the queues that feed it: prefixes of the bucket, and queues it sends to. */
export interface Access {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly delete: readonly string[];
  readonly send: readonly QueueName[];
  /** Fetches from the web, and so by way of the operator's proxies, where there are any. */
  readonly fetches: boolean;
}

/**
 * Least privilege, by function and prefix. None may write where the users write (`urls/`, `scrapers/`): a function that did could start itself.
 * A test holds every call of a whole run against these.
 */
export const access: Readonly<Record<FunctionName, Access>> = {
  enqueue: {
    // scrapers/ for recipes, of which a job carries its own from then on, errors/ since an errors file can be the input of another job,
    // requests/ for what a large input spills.
    read: ['urls/', 'scrapers/', 'jobs/', 'errors/', 'requests/', 'state/schedules/'],
    write: ['requests/', 'jobs/', 'errors/', 'state/active/', 'state/schedules/'],
    delete: ['jobs/', 'requests/'],
    send: ['requests', 'postponed'],
    fetches: true,
  },
  scrape: {
    // errors/ for what an attempt takes up again.
    read: ['requests/', 'jobs/', 'errors/', 'outcomes/', 'starts/', 'state/hosts/', 'state/seen/', 'state/cookies/', 'state/pages/'],
    write: [
      'requests/',
      'outcomes/',
      'starts/',
      'state/hosts/',
      'state/seen/',
      'state/cookies/',
      'state/pages/',
      'results/',
      'changes/',
      'errors/',
      'files/',
      'archive/',
    ],
    delete: ['results/', 'errors/', 'changes/'],
    send: ['requests', 'postponed'],
    fetches: true,
  },
  report: {
    read: ['requests/', 'jobs/', 'outcomes/', 'state/notices/'],
    write: ['jobs/', 'outcomes/', 'errors/', 'state/notices/'],
    delete: ['state/active/', 'state/notices/', 'results/'],
    send: ['requests', 'postponed'],
    fetches: false,
  },
};

/** The value of one secret, and no other call on it; its key too, where it has one of its owner's. */
export function grantSecret(role: IGrantable, secret: ISecret): void {
  // Without a full ARN, Secrets Manager's own six random characters at its end are not known.
  const arn = secret.secretFullArn ?? `${secret.secretArn}-??????`;
  Grant.addToPrincipal({ grantee: role, actions: ['secretsmanager:GetSecretValue'], resourceArns: [arn] });
  secret.encryptionKey?.grantDecrypt(role);
}

export function grantAccess(role: IGrantable, can: Access, bucket: IBucket, queues: Readonly<Record<QueueName, Queue>>): void {
  const objects = (prefixes: readonly string[]): string[] => prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`));
  const grant = (actions: string[], resourceArns: string[]): unknown => Grant.addToPrincipal({ grantee: role, actions, resourceArns });
  grant(['s3:GetObject'], objects(can.read));
  grant(['s3:PutObject', 's3:AbortMultipartUpload'], objects(can.write));
  if (can.delete.length > 0) grant(['s3:DeleteObject'], objects(can.delete));
  // The whole bucket, without a condition on the prefix: only with this does S3 answer 404 for an object that is not there, and not
  // 403 (S3 GetObject, "Permissions"), and much of the protocol asks for what may not be there.
  grant(['s3:ListBucket'], [bucket.bucketArn]);
  for (const name of can.send) queues[name].grantSendMessages(role);
  bucket.encryptionKey?.grantEncryptDecrypt(role);
}
