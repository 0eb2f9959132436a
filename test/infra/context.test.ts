import { UsageError } from '../../functions/job/errors.ts';
import { RootConstruct } from 'constructs';
import { expect, test } from 'vitest';
import { readContext } from '../../infra/cloud/context.ts';

function read(context: Record<string, unknown>, env: Record<string, string> = {}) {
  const { node } = new RootConstruct();
  for (const [name, value] of Object.entries(context)) node.setContext(name, value);
  return readContext(node, env);
}

test('the command line gives texts, cdk.json values: both are read alike', () => {
  const expected = {
    stage: 'prod',
    contact: 'you@example.org',
    bucket: 'our-data',
    scrapeMemoryMb: 1769,
    maxConcurrency: 20,
    logRetentionDays: 90,
    allowedNetworks: ['10.0.0.0/8', 'fd00::/8'],
    proxiesSecret: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:urldrop/proxies-a1B2c3',
    alarmEmail: 'ops@example.org',
    logLevel: 'DEBUG',
    notifyEmail: 'data@example.org',
    webhookUrl: 'https://example.org/hook?to=us',
    webhookSecret: 'urldrop/webhook',
    tracing: true,
  };
  const texts = {
    ...expected,
    scrapeMemoryMb: '1769',
    maxConcurrency: '20',
    logRetentionDays: '90',
    allowedNetworks: '10.0.0.0/8, fd00::/8',
    tracing: 'true',
  };

  expect(read(texts)).toEqual(expected);
  expect(read(expected)).toEqual(expected);
});

test('what is not said stays open', () => {
  expect(Object.values(read({})).filter((value) => value !== undefined)).toEqual([]);
});

test('the contact may come from the environment, and the command line goes before it', () => {
  expect(read({}, { URLDROP_CONTACT: 'env@example.org' }).contact).toBe('env@example.org');
  expect(read({ contact: 'cli@example.org' }, { URLDROP_CONTACT: 'env@example.org' }).contact).toBe('cli@example.org');
});

test('faults are reported together, each with what is expected and what was given', () => {
  const wrong = {
    stage: 'Prod!',
    scrapeMemoryMb: 'lots',
    allowedNetworks: 7,
    tracing: 'yes',
    alarmEmail: 'ops',
    bucket: 'Our_Data',
    logLevel: 'debug',
  };

  expect(() => read(wrong)).toThrow(
    [
      '-c stage=… must be 1 to 20 small letters, digits and hyphens, a letter first, not "Prod!".',
      '-c bucket=… must be the name of a bucket, not "Our_Data".',
      '-c scrapeMemoryMb=… must be a whole number, not "lots".',
      '-c allowedNetworks=… must be a list, separated by commas, not 7.',
      '-c alarmEmail=… must be an e-mail address, not "ops".',
      '-c logLevel=… must be one of DEBUG, INFO, WARN, ERROR, not "debug".',
      '-c tracing=… must be true or false, not "yes".',
    ].join('\n'),
  );
});

test('the secret of the proxies goes by its name or full ARN; proxies in its place are refused without a word of them', () => {
  expect(read({ proxiesSecret: 'urldrop/proxies' }).proxiesSecret).toBe('urldrop/proxies');
  const refusal = '-c proxiesSecret=… must be the name or full ARN of a secret in Secrets Manager, and is none.';
  for (const proxiesSecret of ['http://user:password@proxy.example:3128', 'arn:aws:secretsmanager:eu-west-1:1:secret:x', 7])
    expect(() => read({ proxiesSecret })).toThrow(new UsageError('bad-context', refusal));
});
