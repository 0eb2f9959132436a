import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledged.ts';

/**
 * A topic that mails whoever confirms the first mail; TLS only.
 *
 * @param whenLost - why it does not matter that a mail is lost which SNS could not deliver within a day.
 */
export function mailTopic(scope: Construct, id: string, email: string, whenLost: string): Topic {
  const topic = new Topic(scope, id, { displayName: 'urldrop', enforceSSL: true });
  topic.addSubscription(new EmailSubscription(email));
  acknowledge(topic, 'Serverless-SNSRedrivePolicy', whenLost);
  return topic;
}
