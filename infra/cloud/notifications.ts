import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { UsageError } from '../../functions/job/errors.ts';
import { optionTable } from '../../functions/options.ts';
import { grantSecret } from './access.ts';
import { mailTopic } from './mail-topic.ts';

export interface NotificationProps {
  readonly notifyEmail?: string | undefined;
  readonly notifyTopic?: ITopic | undefined;
  readonly webhookUrl?: string | undefined;
  readonly webhookSecret?: ISecret | undefined;
}

const WHEN_LOST = 'What SNS could not mail within a day stands in the job’s summary, which is there as long as the bucket.';

/** Who is told when a job has ended, and what the report function needs for it. */
export class Notifications extends Construct {
  readonly topic: ITopic | undefined;
  /** For the report function; the secret itself is not in it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #secret: ISecret | undefined;

  /** @throws {UsageError} code `bad-notification`, for a webhook that is no https URL, or two topics. */
  constructor(scope: Construct, id: string, { notifyEmail, notifyTopic, webhookUrl, webhookSecret }: NotificationProps) {
    super(scope, id);
    if (notifyEmail !== undefined && notifyTopic !== undefined)
      throw new UsageError('bad-notification', 'Give notifyEmail or notifyTopic: subscribe the address to your own topic.');
    if (webhookUrl !== undefined && URL.parse(webhookUrl)?.protocol !== 'https:')
      throw new UsageError('bad-notification', `The webhook ${webhookUrl} is no https URL.`);
    if (webhookSecret !== undefined && webhookUrl === undefined)
      throw new UsageError('bad-notification', 'webhookSecret signs what is posted to a webhook: give webhookUrl as well.');
    this.topic = notifyTopic ?? (notifyEmail === undefined ? undefined : mailTopic(this, 'Topic', notifyEmail, WHEN_LOST));
    this.#secret = webhookSecret;
    const { topicArn, webhookUrl: url, webhookSecretAt } = optionTable;
    this.environment = {
      ...(this.topic && { [topicArn.env]: this.topic.topicArn }),
      ...(webhookUrl !== undefined && { [url.env]: webhookUrl }),
      ...(webhookSecret !== undefined && { [webhookSecretAt.env]: `secretsmanager:${webhookSecret.secretArn}` }),
    };
  }

  grantTo(role: IGrantable): void {
    this.topic?.grantPublish(role);
    if (this.#secret) grantSecret(role, this.#secret);
  }
}
