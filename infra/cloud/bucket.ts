import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { BucketSettings } from '../settings.ts';

/**
 * The bucket for everything: encrypted, TLS only, closed to the public, with its events on EventBridge. It holds users' results, so
 * it stays when the stack goes; what the protocol alone needs expires.
 */
export function createBucket(
  scope: Construct,
  settings: BucketSettings,
  options: { readonly key: IKey | undefined; readonly accessLogs: IBucket | undefined },
): IBucket {
  const bucket: unknown = new Bucket(scope, 'Bucket', {
    enforceSSL: true,
    // Unlike TLS 1.2, which S3 wants anyway, this refuses clients by policy, where a reviewer looks for it.
    minimumTLSVersion: 1.2,
    ...(options.key
      ? { encryption: BucketEncryption.KMS, encryptionKey: options.key, bucketKeyEnabled: true }
      : { encryption: BucketEncryption.S3_MANAGED }),
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    eventBridgeEnabled: true,
    removalPolicy: RemovalPolicy.RETAIN,
    ...(options.accessLogs && { serverAccessLogsBucket: options.accessLogs, serverAccessLogsPrefix: 'urldrop/' }),
    lifecycleRules: [
      { id: 'abort-uploads', abortIncompleteMultipartUploadAfter: Duration.days(settings.abortUploadsAfterDays) },
      ...Object.entries(settings.expireDays).map(([prefix, days]) => ({
        id: `expire-${prefix.replaceAll('/', '-')}${days}d`,
        prefix,
        expiration: Duration.days(days),
      })),
    ],
  });
  // The class says `encryptionKey: … | undefined` where its interface says `encryptionKey?`, which differ under exactOptionalPropertyTypes.
  return bucket as IBucket;
}
