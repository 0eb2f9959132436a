import { readSecret } from './secret-at.ts';
import type { Options } from '../options.ts';
import type { Channel } from './notices.ts';
import { topicChannel } from './topic-notice.ts';
import { webhook } from './webhook.ts';

/** Whom the operator wants told. */
export function channelsOf(options: Pick<Options, 'topicArn' | 'webhookUrl' | 'webhookSecretAt' | 'userAgent' | 'bucket'>): Channel[] {
  const { topicArn, webhookUrl: url, webhookSecretAt: at, userAgent, bucket } = options;
  return [
    ...(topicArn === '' ? [] : [topicChannel(topicArn, bucket)]),
    ...(url === '' ? [] : [webhook({ url, userAgent, bucket, now: Date.now, ...(at !== '' && { readSecret: () => readSecret(at) }) })]),
  ];
}
