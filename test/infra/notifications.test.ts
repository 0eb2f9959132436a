import { expect, test } from 'vitest';
import { functionNamed, listOf, named, ofType, plain, statementsOf, synthesise } from './synthesised.ts';

const variables = (template: Parameters<typeof functionNamed>[0], name: string) =>
  functionNamed(template, name).properties.Environment.Variables as Record<string, unknown>;

test('whoever wants a mail when a job has ended gets it by a topic that report alone may publish to', () => {
  const { template } = synthesise({ notifyEmail: 'data@example.org' });
  const topic = named(template, 'AWS::SNS::Topic', 'UrlDropNotificationsTopic');
  const subscriptions = Object.values(ofType(template, 'AWS::SNS::Subscription')).map((s) => s.Properties);

  expect(subscriptions).toMatchObject([{ Protocol: 'email', Endpoint: 'data@example.org', TopicArn: { Ref: topic.id } }]);
  expect(variables(template, 'report')['URLDROP_TOPIC_ARN']).toEqual({ Ref: topic.id });
  expect(variables(template, 'scrape')['URLDROP_TOPIC_ARN']).toBeUndefined();
  const publishers = ['enqueue', 'scrape', 'report'].filter((name) =>
    statementsOf(template, name).some((s) => listOf(s.Action).includes('sns:Publish')),
  );
  expect(publishers).toEqual(['report']);
});

test('a webhook has its URL in the environment, and its secret in Secrets Manager, where report may read this one', () => {
  const { template } = synthesise({ webhookUrl: 'https://example.org/hook', webhookSecret: 'urldrop/webhook' });

  expect(variables(template, 'report')).toMatchObject({
    URLDROP_WEBHOOK_URL: 'https://example.org/hook',
  });
  expect(plain(variables(template, 'report')['URLDROP_WEBHOOK_SECRET_AT'])).toMatch(/^secretsmanager:arn:.*:secret:urldrop\/webhook$/);
  const reading = statementsOf(template, 'report').filter((s) => listOf(s.Action).includes('secretsmanager:GetSecretValue'));
  expect(reading.map((s) => [s.Effect, listOf(s.Action), listOf(s.Resource).map(plain)])).toEqual([
    ['Allow', ['secretsmanager:GetSecretValue'], [expect.stringMatching(/:secret:urldrop\/webhook-\?{6}$/)]],
  ]);
  for (const name of ['enqueue', 'scrape']) expect(variables(template, name)['URLDROP_WEBHOOK_URL']).toBeUndefined();
});

test.each([
  [{ webhookUrl: 'http://example.org/' }, 'The webhook http://example.org/ is no https URL.'],
  [{ webhookSecret: 'x-y' }, 'give webhookUrl as well'],
])('%j is refused', (props, message) => {
  expect(() => synthesise(props)).toThrow(message);
});
