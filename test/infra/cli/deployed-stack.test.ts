import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Summary } from '../../../functions/job/summary.ts';
import { LOCAL_BUCKET, startEmbeddedAws, type EmbeddedAws } from '../../../infra/local/embedded-aws.ts';
import { tempDir } from '../local/clouds.ts';
import { startSite, urldrop } from './command.ts';

/** Credentials that no S3 of ours looks at, and no other place to look for some. */
const account = {
  AWS_ACCESS_KEY_ID: 'some',
  AWS_SECRET_ACCESS_KEY: 'thing',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nowhere',
  AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
};

const stackOutputs = (bucket: string) => ({ BucketName: bucket, Region: 'eu-central-1', DropCommand: 'aws s3 cp …' });

describe('a deployed stack', () => {
  const dir = tempDir();
  const elsewhere = join(dir.path, 'elsewhere');
  let job: string;
  let aws: EmbeddedAws;
  beforeAll(async () => {
    // A job that has run, and its bucket served as AWS would serve it.
    await using site = await startSite();
    const { stdout } = await urldrop(dir.path, ['run', `${site.url}/1`, `${site.url}/gone`, '--allow-private', '--json']);
    job = (JSON.parse(stdout) as Summary).id;
    aws = await startEmbeddedAws({ dataDir: join(dir.path, '.urldrop') });
    mkdirSync(elsewhere);
    writeFileSync(
      join(elsewhere, 'cdk-outputs.json'),
      JSON.stringify({ network: { VpcId: 'vpc-1' }, 'urldrop-dev': stackOutputs(LOCAL_BUCKET) }),
    );
  });
  afterAll(async () => {
    await aws.stop();
    dir[Symbol.dispose]();
  });
  const run = (...args: string[]) => urldrop(elsewhere, args, { env: { ...account, AWS_ENDPOINT_URL: aws.endpoint } });

  test('is found in cdk-outputs.json where nothing has run here, by its name, or by its bucket', async () => {
    const answers = await Promise.all([
      run('jobs', '--json'),
      run('jobs', '--json', '--stack', 'urldrop-dev'),
      urldrop(elsewhere, ['jobs', '--json', '--bucket', LOCAL_BUCKET], {
        env: { ...account, AWS_ENDPOINT_URL: aws.endpoint, AWS_REGION: 'eu-central-1' },
      }),
    ]);

    for (const { stdout, stderr, code } of answers) {
      expect([stderr, code]).toEqual(['', 0]);
      expect((JSON.parse(stdout) as Summary[]).map(({ id }) => id)).toEqual([job]);
    }
  });

  test('answers every verb as a data directory does', async () => {
    const stack = ['--stack', 'urldrop-dev'];
    const [status, results, cancelled] = await Promise.all([
      run('status', job, ...stack),
      run('export', job, ...stack),
      run('cancel', job, ...stack),
    ]);
    const retried = await run('retry', job, ...stack);

    expect(status.stdout).toContain(`Job ${job} finished`);
    expect(results.stdout.trim().split('\n')).toHaveLength(1);
    expect(cancelled.stderr).toBe(`Job ${job} has finished already.\n`);
    expect(retried.stderr).toMatch(/1 failed request again\. Follow it: urldrop status \S+ --watch --stack urldrop-dev\n$/);
  });

  test('whose bucket is gone is said to be', async () => {
    const { stderr, code } = await urldrop(elsewhere, ['jobs', '--bucket', 'gone-away'], {
      env: { ...account, AWS_ENDPOINT_URL: aws.endpoint, AWS_REGION: 'eu-central-1' },
    });

    expect([stderr, code]).toEqual(['urldrop: There is no bucket gone-away. The output BucketName of the stack has its name.\n', 2]);
  });
});

describe('cdk-outputs.json', () => {
  const write = 'Write it with: npx cdk deploy --outputs-file cdk-outputs.json. Or name the bucket with --bucket NAME.';
  test.each([
    ['that is not there', undefined, ['--stack', 'x'], `Cannot read cdk-outputs.json in this directory (ENOENT). ${write}`],
    ['that is cut off', '{"urldrop": {', [], /^cdk-outputs\.json is no JSON: .+\. Write it with/],
    ['that is a list of nothing', '3', [], `cdk-outputs.json is not what the CDK writes: an object of stacks. ${write}`],
    [
      'of other stacks only',
      JSON.stringify({ network: { VpcId: 'vpc-1' } }),
      [],
      `cdk-outputs.json names no urldrop stack: none has the outputs BucketName and Region. ${write}`,
    ],
    [
      'of two stages',
      JSON.stringify({ 'urldrop-dev': stackOutputs('a'), 'urldrop-prod': stackOutputs('b') }),
      [],
      'cdk-outputs.json names 2 urldrop stacks. Say which: --stack urldrop-dev or --stack urldrop-prod.',
    ],
    [
      'without the stage asked for',
      JSON.stringify({ 'urldrop-dev': stackOutputs('a') }),
      ['--stack', 'urldrop-dex'],
      'cdk-outputs.json names no urldrop stack urldrop-dex. Did you mean urldrop-dev?',
    ],
  ])('%s gets one clear message and exit code 2', async (_what, text, flags, message) => {
    using dir = tempDir();
    if (text !== undefined) writeFileSync(join(dir.path, 'cdk-outputs.json'), text);

    const { stderr, code } = await urldrop(dir.path, ['jobs', ...flags], { env: account });

    expect(stderr.replace(/^urldrop: /, '').trim()).toMatch(message);
    expect(code).toBe(2);
  });
});

/** S3's own answers to what a person can get wrong, as its API reference has them under "Error responses". */
const answers: readonly [string, number, string, Record<string, string>, string][] = [
  [
    'in another region',
    301,
    'PermanentRedirect',
    { 'x-amz-bucket-region': 'eu-west-1' },
    'The bucket lake is in another region: set AWS_REGION=eu-west-1.',
  ],
  [
    'that others own',
    403,
    'AccessDenied',
    {},
    'These credentials may not read the bucket lake: they need s3:ListBucket and s3:GetObject on it.',
  ],
  [
    'asked for with old credentials',
    400,
    'ExpiredToken',
    {},
    'AWS does not take these credentials (ExpiredToken): renew them, for example with `aws sso login`.',
  ],
];

describe('a bucket', () => {
  test.each(answers)('%s', async (_what, status, code, headers, message) => {
    const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message></Error>`;
    await using s3 = await startAnswers((response) =>
      response.writeHead(status, { 'content-type': 'application/xml', ...headers }).end(body),
    );
    using dir = tempDir();

    const ended = await urldrop(dir.path, ['jobs', '--bucket', 'lake'], {
      env: { ...account, AWS_ENDPOINT_URL: s3.url, AWS_REGION: 'eu-central-1' },
    });

    expect([ended.stderr, ended.code]).toEqual([`urldrop: ${message}\n`, 2]);
  });

  test.each([
    [
      'without credentials',
      { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
      /^urldrop: There are no AWS credentials: set AWS_PROFILE/,
    ],
    ['without a region', {}, /^urldrop: Nothing says in which region the bucket lake is: set AWS_REGION\./],
  ])('%s', async (_what, env, message) => {
    using dir = tempDir();

    const ended = await urldrop(dir.path, ['jobs', '--bucket', 'lake'], { env: { ...account, ...env } });

    expect(ended.stderr).toMatch(message);
    expect(ended.code).toBe(2);
  });
});

async function startAnswers(answer: (response: ServerResponse) => void): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_request, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
