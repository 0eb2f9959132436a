/* oxlint-disable no-new -- a CDK construct attaches itself to the scope it is given. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { UrlDrop, type UrlDropProps } from './urldrop.ts';

export interface UrlDropStackProps extends StackProps, Omit<UrlDropProps, 'webhookSecret' | 'bucket' | 'proxies'> {
  /** Name of a bucket that is there already. Default: a new one. */
  readonly bucketName?: string | undefined;
  /** Name or ARN of the secret with the proxies to fetch through. Default: none. */
  readonly proxiesSecret?: string | undefined;
  /** Name or ARN of the secret that signs what is posted to the webhook. Default: none. */
  readonly webhookSecret?: string | undefined;
}

/** A stack with one urldrop in it, and outputs that say where to drop files and where to look. */
export class UrlDropStack extends Stack {
  readonly urldrop: UrlDrop;

  constructor(scope: Construct, id: string, props: UrlDropStackProps) {
    super(scope, id, { description: 'urldrop: drop a file of URLs into S3, structured data falls out', ...props });
    const { bucketName, proxiesSecret, webhookSecret } = props;
    this.urldrop = new UrlDrop(this, 'UrlDrop', {
      ...props,
      bucket: bucketName === undefined ? undefined : Bucket.fromBucketName(this, 'Bucket', bucketName),
      proxies: proxiesSecret === undefined ? undefined : secretNamed(this, 'Proxies', proxiesSecret),
      webhookSecret: webhookSecret === undefined ? undefined : secretNamed(this, 'Webhook', webhookSecret),
    });
    const { bucket, queues, settings, dashboard, analytics } = this.urldrop;
    const output = (name: string, value: string, description: string): unknown => new CfnOutput(this, name, { value, description });
    const console = `https://${this.region}.console.aws.amazon.com`;
    output('BucketName', bucket.bucketName, 'Everything lies here');
    output('Region', this.region, 'Where: `urldrop jobs --stack` reads this and the bucket from cdk-outputs.json');
    output('DropCommand', `aws s3 cp urls.txt s3://${bucket.bucketName}/${settings.bucket.notifyPrefix}page/`, 'Starts a job');
    output('RequestsQueueUrl', queues.requests.queueUrl, 'Batches to scrape');
    output('PostponedQueueUrl', queues.postponed.queueUrl, 'Batches that wait for their time');
    output('JobsConsole', `${console}/s3/buckets/${bucket.bucketName}?prefix=jobs/`, 'Summaries and reports of the jobs');
    if (analytics) output('AthenaWorkgroup', analytics.workgroup, `Queries on the results: database ${analytics.database}`);
    output(
      'DashboardConsole',
      `${console}/cloudwatch/home?region=${this.region}#dashboards/dashboard/${dashboard.dashboardName}`,
      'How it is doing',
    );
    output('QueuesConsole', `${console}/sqs/v3/home?region=${this.region}#/queues`, 'Queues, their depth and dead letters');
  }
}

function secretNamed(scope: Construct, id: string, nameOrArn: string): ISecret {
  return nameOrArn.startsWith('arn:') ? Secret.fromSecretCompleteArn(scope, id, nameOrArn) : Secret.fromSecretNameV2(scope, id, nameOrArn);
}
