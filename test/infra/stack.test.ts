import { describe, expect, test } from 'vitest';
import { optionTable } from '../../functions/options.ts';
import { settings, type FunctionName, type QueueName } from '../../infra/settings.ts';
import { arnOf, functionNamed, named, ofType, plain, queueNamed, synthesise } from './synthesised.ts';

const { template, errors } = synthesise({
  scrapers: { news: { schedule: 'cron(0 6 * * ? *)' }, shop: { schedule: 'rate(1 day)' }, page: {} },
});

const queueNames = Object.keys(settings.queues) as QueueName[];
// Read by Powertools, in the one function that counts.
const metricsEnvironment = { POWERTOOLS_METRICS_NAMESPACE: 'urldrop', POWERTOOLS_SERVICE_NAME: 'urldrop' };
const functionNames = Object.keys(settings.functions) as FunctionName[];

describe('queues', () => {
  test.each(queueNames)('%s has the visibility, retention and dead-letter target of the settings', (name) => {
    const expected = settings.queues[name];
    const { properties } = queueNamed(template, name);

    expect(properties.VisibilityTimeout).toBe(expected.visibilityTimeoutSeconds);
    expect(properties.MessageRetentionPeriod).toBe(expected.retentionSeconds);
    expect(properties.RedrivePolicy).toEqual(
      'deadLetters' in expected
        ? { maxReceiveCount: expected.maxReceiveCount, deadLetterTargetArn: arnOf(queueNamed(template, expected.deadLetters).id) }
        : undefined,
    );
  });

  test.each(queueNames)('%s is FIFO in high-throughput mode exactly if the settings say so', (name) => {
    const { properties } = queueNamed(template, name);
    const { FifoQueue, DeduplicationScope, FifoThroughputLimit } = properties;

    expect({ FifoQueue, DeduplicationScope, FifoThroughputLimit }).toEqual(
      settings.queues[name].fifo
        ? { FifoQueue: true, DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' }
        : { FifoQueue: undefined, DeduplicationScope: undefined, FifoThroughputLimit: undefined },
    );
    // Deduplication ids are ours, from where a batch comes from: equal bodies need not be the same batch.
    expect(properties.ContentBasedDeduplication).toBeUndefined();
  });

  test.each(queueNames)('%s is encrypted and refuses what does not come over TLS', (name) => {
    const { id, properties } = queueNamed(template, name);
    const policy = named(template, 'AWS::SQS::QueuePolicy', `UrlDropQueues${name}Policy`).properties;

    expect(properties.SqsManagedSseEnabled).toBe(true);
    expect(policy.Queues).toEqual([{ Ref: id }]);
    expect(policy.PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Action: 'sqs:*',
        Principal: { AWS: '*' },
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
  });

  test('there are no others', () => {
    expect(Object.keys(ofType(template, 'AWS::SQS::Queue'))).toHaveLength(queueNames.length);
  });
});

describe('event sources', () => {
  test.each(settings.eventSources)(
    '$queue feeds $function and takes partial failures',
    ({ queue, function: name, batchSize, maxConcurrency }) => {
      const source = arnOf(queueNamed(template, queue).id);
      const mapping = Object.values(ofType(template, 'AWS::Lambda::EventSourceMapping')).find(
        (m) => plain(m.Properties.EventSourceArn) === plain(source),
      );

      expect(mapping?.Properties).toEqual({
        EventSourceArn: source,
        FunctionName: { Ref: functionNamed(template, name).id },
        BatchSize: batchSize,
        ScalingConfig: { MaximumConcurrency: maxConcurrency },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      });
    },
  );

  test('there are no others', () => {
    expect(Object.keys(ofType(template, 'AWS::Lambda::EventSourceMapping'))).toHaveLength(settings.eventSources.length);
  });
});

describe('functions', () => {
  test.each(functionNames)('%s has the memory and time of the settings, on Node 24 and arm64', (name) => {
    expect(functionNamed(template, name).properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: settings.functions[name].memoryMb,
      Timeout: settings.functions[name].timeoutSeconds,
    });
  });

  test.each(functionNames)('%s is in no network of yours, unless you say so', (name) => {
    expect(functionNamed(template, name).properties.VpcConfig).toBeUndefined();
  });

  test.each(functionNames)('%s logs as JSON to a group of its own that forgets', (name) => {
    const group = named(template, 'AWS::Logs::LogGroup', `UrlDropFunctions${name}Logs`);

    expect(functionNamed(template, name).properties.LoggingConfig).toEqual({
      LogFormat: 'JSON',
      ApplicationLogLevel: 'INFO',
      LogGroup: { Ref: group.id },
    });
    expect(group.properties.RetentionInDays).toBe(settings.logRetentionDays);
  });

  test.each(functionNames)('%s is told every option that has no default, and nothing that is no option', (name) => {
    const { Variables } = functionNamed(template, name).properties.Environment;
    const options = Object.values(optionTable);

    const needed = options.filter((option) => !('default' in option)).map((option) => option.env);
    expect(Object.keys(Variables)).toEqual(expect.arrayContaining(needed));
    const known = [...options.map((option) => option.env as string), ...(name === 'report' ? Object.keys(metricsEnvironment) : [])];
    expect(known).toEqual(expect.arrayContaining(Object.keys(Variables)));
    expect(Variables).toMatchObject({
      URLDROP_BUCKET: { Ref: named(template, 'AWS::S3::Bucket', 'UrlDropBucket').id },
      URLDROP_REQUESTS_QUEUE_URL: { Ref: queueNamed(template, 'requests').id },
      URLDROP_POSTPONED_QUEUE_URL: { Ref: queueNamed(template, 'postponed').id },
      URLDROP_USER_AGENT: 'urldrop/0.1 (+you@example.org)',
      URLDROP_SLICE_MS: String(settings.sliceSeconds * 1000),
    });
  });

  test('may loop where the design loops on purpose, and are stopped elsewhere', () => {
    const loops = Object.fromEntries(functionNames.map((name) => [name, functionNamed(template, name).properties.RecursiveLoop as string]));

    expect(loops).toEqual({ enqueue: 'Allow', scrape: 'Allow', report: 'Terminate' });
  });

  test.each(Object.entries(settings.asyncEvents))(
    'what %s is invoked with asynchronously is tried and kept as the settings say',
    (name, events) => {
      const { properties } = named(template, 'AWS::Lambda::EventInvokeConfig', `UrlDropFunctions${name}EventInvokeConfig`);

      expect(properties.MaximumRetryAttempts).toBe(events.retryAttempts);
      expect(properties.MaximumEventAgeInSeconds).toBe(events.maxAgeSeconds);
      expect(properties.DestinationConfig).toEqual(
        'deadLetters' in events ? { OnFailure: { Destination: arnOf(queueNamed(template, events.deadLetters).id) } } : undefined,
      );
    },
  );
});

describe('the bucket', () => {
  const bucket = named(template, 'AWS::S3::Bucket', 'UrlDropBucket');

  test('is encrypted, closed to the public and owned by one account', () => {
    expect(bucket.properties.BucketEncryption.ServerSideEncryptionConfiguration).toEqual([
      { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
    ]);
    expect(Object.values(bucket.properties.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(bucket.properties.OwnershipControls.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
  });

  test('refuses what does not come over TLS 1.2 or later', () => {
    const { Statement } = named(template, 'AWS::S3::BucketPolicy', 'UrlDropBucketPolicy').properties.PolicyDocument;
    const denied = { Effect: 'Deny', Action: 's3:*', Principal: { AWS: '*' } };

    expect(Statement).toContainEqual(expect.objectContaining({ ...denied, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }));
    expect(Statement).toContainEqual(expect.objectContaining({ ...denied, Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } }));
  });

  test('outlives the stack', () => {
    expect(template.Resources[bucket.id]).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('forgets what the protocol alone needs, and nothing of the users', () => {
    const rules = bucket.properties.LifecycleConfiguration.Rules as Record<string, unknown>[];

    expect(rules[0]).toMatchObject({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: settings.bucket.abortUploadsAfterDays } });
    expect(rules.filter((rule) => 'ExpirationInDays' in rule).map((rule) => [rule['Prefix'], rule['ExpirationInDays']])).toEqual(
      Object.entries(settings.bucket.expireDays),
    );
    expect(rules.every((rule) => rule['Status'] === 'Enabled')).toBe(true);
  });

  test('tells enqueue of new objects where users drop files, and EventBridge of everything', () => {
    const { properties } = named(template, 'Custom::S3BucketNotifications', 'UrlDropBucketNotifications');

    expect(properties.BucketName).toEqual({ Ref: bucket.id });
    expect(properties.NotificationConfiguration).toEqual({
      EventBridgeConfiguration: {},
      LambdaFunctionConfigurations: [
        {
          Events: ['s3:ObjectCreated:*'],
          Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: settings.bucket.notifyPrefix }] } },
          LambdaFunctionArn: arnOf(functionNamed(template, 'enqueue').id),
        },
      ],
    });
  });
});

describe('time', () => {
  test('report runs as often as the settings say', () => {
    const { properties } = named(template, 'AWS::Events::Rule', 'UrlDropEveryMinute');

    expect(properties.ScheduleExpression).toBe('rate(1 minute)');
    expect(settings.reportEveryMinutes).toBe(1);
    expect(properties.Targets).toEqual([expect.objectContaining({ Arn: arnOf(functionNamed(template, 'report').id) })]);
  });

  test('a scraper with a schedule is started by EventBridge Scheduler, with the planned time as its name', () => {
    const { properties } = named(template, 'AWS::Scheduler::Schedule', 'UrlDropSchedulesnews');

    expect(properties).toMatchObject({ ScheduleExpression: 'cron(0 6 * * ? *)', FlexibleTimeWindow: { Mode: 'OFF' }, State: 'ENABLED' });
    expect(properties.Target.Arn).toEqual(arnOf(functionNamed(template, 'enqueue').id));
    expect(JSON.parse(properties.Target.Input as string)).toEqual({
      kind: 'schedule',
      scraper: 'news',
      at: '<aws.scheduler.scheduled-time>',
    });
    const trust = named(template, 'AWS::IAM::Role', 'UrlDropSchedulesRole').properties.AssumeRolePolicyDocument.Statement[0];
    expect(trust.Condition.StringEquals['aws:SourceArn']).toEqual(
      arnOf(named(template, 'AWS::Scheduler::ScheduleGroup', 'UrlDropSchedulesGroup').id),
    );
    expect(properties.Target.DeadLetterConfig).toEqual({ Arn: arnOf(queueNamed(template, 'eventsDead').id) });
    expect(Object.keys(ofType(template, 'AWS::Scheduler::Schedule'))).toHaveLength(2);
  });

  test('without schedules there is nothing of EventBridge Scheduler', () => {
    const plainStack = synthesise().template;

    expect(ofType(plainStack, 'AWS::Scheduler::Schedule')).toEqual({});
    expect(ofType(plainStack, 'AWS::Scheduler::ScheduleGroup')).toEqual({});
  });

  test('a schedule that EventBridge Scheduler would refuse is refused at once, by the name of its scraper', () => {
    expect(() => synthesise({ scrapers: { news: { schedule: '0 6 * * *' } } })).toThrow(/scraper news is "0 6 \* \* \*": write cron\(…\)/);
  });
});

test('the outputs say where things are', () => {
  expect(Object.fromEntries(Object.entries(template.Outputs).map(([name, output]) => [name, plain(output.Value)]))).toMatchObject({
    BucketName: `<${named(template, 'AWS::S3::Bucket', 'UrlDropBucket').id}>`,
    RequestsQueueUrl: `<${queueNamed(template, 'requests').id}>`,
    PostponedQueueUrl: `<${queueNamed(template, 'postponed').id}>`,
  });
});

test('a stack with a contact can be deployed', () => {
  expect(errors).toEqual([]);
});
