import { SubnetType, Vpc, type IVpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Stack } from 'aws-cdk-lib';
import { expect, test } from 'vitest';
import type { FunctionName } from '../../infra/settings.ts';
import { functionNamed, listOf, named, ofType, plain, queueNamed, statementsOf, synthesise, type Statement } from './synthesised.ts';

test('a stack without a contact is made, and refused when it is deployed', () => {
  const { template, errors } = synthesise({ contact: undefined });

  expect(errors).toEqual([expect.stringContaining('Nobody answers for the requests. Deploy with -c contact=you@example.org')]);
  expect(functionNamed(template, 'scrape').properties.Environment.Variables.URLDROP_USER_AGENT).toBe('urldrop/0.1');
});

test.each(['me', 'http://example.org', 'a b@example.org', 'me@example.org)', 'me@example.org\r\nX: y'])(
  'the contact %j is refused',
  (contact) => {
    expect(() => synthesise({ contact })).toThrow(/is no e-mail address and no https URL: write it as you@example.org/);
  },
);

test('the contact may be a page', () => {
  const { template } = synthesise({ contact: 'https://example.org/bot' });

  expect(functionNamed(template, 'scrape').properties.Environment.Variables.URLDROP_USER_AGENT).toBe(
    'urldrop/0.1 (+https://example.org/bot)',
  );
});

test('memory, concurrency, log retention and networks follow the options', () => {
  const { template } = synthesise({
    scrapeMemoryMb: 1769,
    maxConcurrency: 7,
    logRetentionDays: 7,
    allowedNetworks: ['10.0.0.0/8', 'fd00::/8'],
  });
  const scrape = functionNamed(template, 'scrape');
  const mapping = Object.values(ofType(template, 'AWS::Lambda::EventSourceMapping')).find(
    (m) => plain(m.Properties.FunctionName) === `<${scrape.id}>`,
  );

  expect(scrape.properties.MemorySize).toBe(1769);
  expect(scrape.properties.Environment.Variables.URLDROP_ALLOWED_NETWORKS).toBe('10.0.0.0/8,fd00::/8');
  expect(mapping?.Properties.ScalingConfig).toEqual({ MaximumConcurrency: 7 });
  expect(named(template, 'AWS::Logs::LogGroup', 'UrlDropFunctionsscrapeLogs').properties.RetentionInDays).toBe(7);
});

test('options that break a relation between settings are refused together', () => {
  expect(() => synthesise({ maxConcurrency: 1, scrapeMemoryMb: 64, logRetentionDays: 8 })).toThrow(
    /maximum concurrency of requests must be 2 to 1000, not 1\.\n.*scrape must have 128 to 10240 MB, not 64\.\n.*not 8\./,
  );
});

test('a bucket that is there already is used and told, and not made', () => {
  const { template } = synthesise({ bucketName: 'our-data' });

  expect(ofType(template, 'AWS::S3::Bucket')).toEqual({});
  expect(functionNamed(template, 'scrape').properties.Environment.Variables.URLDROP_BUCKET).toBe('our-data');
  const [notifications] = Object.values(ofType(template, 'Custom::S3BucketNotifications'));
  // Not managed: the notifications that the bucket has besides stay.
  expect(notifications?.Properties).toMatchObject({ BucketName: 'our-data', Managed: false });
  expect(statementsOf(template, 'scrape').flatMap((s) => plain(s.Resource))).not.toContain('<UrlDropBucket');
});

test('a customer-managed key encrypts bucket and queues, and whoever writes there may use it', () => {
  const { template } = synthesise((app) => ({
    encryptionKey: new Key(new Stack(app, 'keys'), 'Key'),
    scrapers: { news: { schedule: 'rate(1 day)' } },
  }));

  const [encryption] = named(template, 'AWS::S3::Bucket', 'UrlDropBucket').properties.BucketEncryption.ServerSideEncryptionConfiguration;
  expect(encryption).toMatchObject({ BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } });
  expect(queueNamed(template, 'requests').properties.KmsMasterKeyId).toBeDefined();
  for (const name of ['enqueue', 'scrape', 'report']) {
    expect(statementsOf(template, name).flatMap((s) => s.Action)).toEqual(expect.arrayContaining(['kms:Decrypt']));
  }
  // Scheduler itself puts what it cannot deliver into a queue.
  const scheduler = named(template, 'AWS::IAM::Policy', 'UrlDropSchedulesRoleDefaultPolicy').properties.PolicyDocument
    .Statement as Statement[];
  expect(scheduler.flatMap((s) => s.Action)).toEqual(expect.arrayContaining(['sqs:SendMessage', 'kms:Encrypt']));
});

test('in a network of yours the functions may make network interfaces', () => {
  const { template } = synthesise((app) => {
    const vpc = new Vpc(new Stack(app, 'net'), 'Vpc', {
      maxAzs: 1,
      subnetConfiguration: [{ name: 'private', subnetType: SubnetType.PRIVATE_ISOLATED }],
    });
    // The class and its interface differ in optional properties, which only exactOptionalPropertyTypes minds.
    return { vpc: vpc as unknown as IVpc, subnets: vpc.isolatedSubnets };
  });

  expect(functionNamed(template, 'scrape').properties.VpcConfig.SubnetIds).toHaveLength(1);
  expect(plain(named(template, 'AWS::IAM::Role', 'UrlDropFunctionsscrapeRole').properties.ManagedPolicyArns[0])).toMatch(
    /service-role\/AWSLambdaVPCAccessExecutionRole$/,
  );
});

test('access logs and traces are there on demand', () => {
  const { template } = synthesise((app) => ({
    accessLogs: Bucket.fromBucketName(new Stack(app, 'logs'), 'Logs', 'our-logs'),
    tracing: true,
  }));

  expect(named(template, 'AWS::S3::Bucket', 'UrlDropBucket').properties.LoggingConfiguration).toEqual({
    DestinationBucketName: 'our-logs',
    LogFilePrefix: 'urldrop/',
  });
  expect(functionNamed(template, 'scrape').properties.TracingConfig).toEqual({ Mode: 'Active' });
});

test.each([
  ['name', 'urldrop/proxies', /:secret:urldrop\/proxies-\?{6}$/],
  [
    'ARN',
    'arn:aws:secretsmanager:eu-west-1:111122223333:secret:proxies-a1B2c3',
    /^arn:aws:secretsmanager:eu-west-1:111122223333:secret:proxies-a1B2c3$/,
  ],
])(
  'the secret of the proxies, given by %s, is told to those that fetch: they may read it, and do nothing else with any',
  (_, proxiesSecret, arn) => {
    const { template } = synthesise({ proxiesSecret });
    const variable = (name: FunctionName): unknown => functionNamed(template, name).properties.Environment.Variables.URLDROP_PROXIES_SECRET;
    const grants = (name: FunctionName): Statement[] =>
      statementsOf(template, name).filter((s) => listOf(s.Action).some((action) => action.startsWith('secretsmanager:')));

    for (const name of ['scrape', 'enqueue'] as const) {
      expect(plain(variable(name))).toContain(proxiesSecret);
      expect(grants(name)).toMatchObject([{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue' }]);
      expect(plain(grants(name)[0]?.Resource)).toMatch(arn);
    }
    expect([variable('report'), grants('report')]).toEqual([undefined, []]);
  },
);

test('without proxies there is no word of secrets', () => {
  expect(JSON.stringify(synthesise().template)).not.toMatch(/secretsmanager|URLDROP_PROXIES/);
});
