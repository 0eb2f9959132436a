import { describe, expect, test } from 'vitest';
import { settings, type FunctionName } from '../../infra/settings.ts';
import { listOf, ofType, plain, statementsOf, synthesise, type Statement } from './synthesised.ts';

const { template } = synthesise({ scrapers: { news: { schedule: 'rate(1 day)' }, page: {} } });
const functionNames = Object.keys(settings.functions) as FunctionName[];

const resourcesOf = (statement: Statement): string[] => listOf(statement.Resource).map(plain);

/** What a function may do to objects: actions and key patterns. */
function objectAccess(name: FunctionName, action: string): string[] {
  return statementsOf(template, name)
    .filter((s) => s.Effect === 'Allow' && listOf(s.Action).includes(action))
    .flatMap(resourcesOf)
    .map((arn) => arn.replace(/^<UrlDropBucket[0-9A-F]{8}>\//, ''));
}

describe('every policy of the stack', () => {
  const statements = Object.entries(ofType(template, 'AWS::IAM::Policy')).flatMap(([id, policy]) =>
    (policy.Properties.PolicyDocument.Statement as Statement[]).map((statement) => ({ id, statement })),
  );

  test('names each action', () => {
    const wild = statements.filter(({ statement }) => listOf(statement.Action).some((action) => action.includes('*')));

    expect(wild).toEqual([]);
  });

  test('names each resource; a star stands for object keys under a prefix, or versions of one function', () => {
    const wild = statements
      .flatMap(({ statement }) => resourcesOf(statement))
      .filter((resource) => resource.includes('*'))
      .filter((resource) => !/^<UrlDropBucket[0-9A-F]{8}>\/[a-z]+\/([a-z]+\/)?\*$/.test(resource))
      .filter((resource) => !/^<UrlDropFunctions[a-z]+[0-9A-F]{8}>:\*$/.test(resource));

    expect(wild).toEqual([]);
  });
});

test('only the function that CDK sets up notifications with has a managed policy', () => {
  const managed = Object.entries(ofType(template, 'AWS::IAM::Role')).filter(([, role]) => role.Properties.ManagedPolicyArns !== undefined);

  expect(managed.map(([id]) => id)).toEqual([expect.stringMatching(/^BucketNotificationsHandler/)]);
});

test.each(functionNames)('%s may not write where users drop files, so it cannot start itself', (name) => {
  for (const action of ['s3:PutObject', 's3:DeleteObject']) {
    expect(objectAccess(name, action).filter((pattern) => /^(urls|scrapers)\//.test(pattern) || pattern === '*')).toEqual([]);
  }
});

test('only enqueue reads what users drop, and only scrape writes results, files and archives', () => {
  for (const prefix of ['urls/*', 'scrapers/*']) {
    expect(functionNames.filter((name) => objectAccess(name, 's3:GetObject').includes(prefix))).toEqual(['enqueue']);
  }
  for (const prefix of ['results/*', 'files/*', 'archive/*']) {
    expect(functionNames.filter((name) => objectAccess(name, 's3:PutObject').includes(prefix))).toEqual(['scrape']);
  }
});

test('nothing that users read is deleted, but for results and errors of a batch that is written again', () => {
  const deleted = new Set(functionNames.flatMap((name) => objectAccess(name, 's3:DeleteObject')));

  for (const prefix of ['urls/*', 'scrapers/*', 'files/*', 'archive/*']) expect(deleted).not.toContain(prefix);
});

test.each(functionNames)('%s may list the bucket, since S3 answers 404 for a missing object only then', (name) => {
  const listing = statementsOf(template, name).filter((s) => listOf(s.Action).includes('s3:ListBucket'));

  expect(listing).toHaveLength(1);
  expect(resourcesOf(listing[0] as Statement)).toEqual([expect.stringMatching(/^<UrlDropBucket[0-9A-F]{8}>$/)]);
  expect(listing[0]?.Condition).toBeUndefined();
});

test.each(functionNames)('%s receives from the queues that feed it and from no other', (name) => {
  const received = statementsOf(template, name)
    .filter((s) => listOf(s.Action).includes('sqs:ReceiveMessage'))
    .flatMap(resourcesOf)
    .map((arn) => /^<UrlDropQueues(\w+)[0-9A-F]{8}>$/.exec(arn)?.[1] ?? arn);

  expect(new Set(received)).toEqual(new Set(settings.eventSources.filter((s) => s.function === name).map((s) => s.queue)));
});

test('only S3, EventBridge and Scheduler of this very account may invoke a function', () => {
  const permissions = Object.values(ofType(template, 'AWS::Lambda::Permission')).map((p) => p.Properties);

  expect(new Set(permissions.map((p) => p.Principal as string))).toEqual(new Set(['events.amazonaws.com', 's3.amazonaws.com']));
  for (const permission of permissions) expect(permission.SourceArn).toBeDefined();
});
