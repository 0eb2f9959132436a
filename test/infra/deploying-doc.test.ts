import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RootConstruct } from 'constructs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createProgram } from '../../infra/cli/program.ts';
import { readContext } from '../../infra/cloud/context.ts';
import { tableDefinitions } from '../../infra/cloud/tables.ts';
import { settings } from '../../infra/settings.ts';
import { synthesise } from './synthesised.ts';

const doc = readFileSync('docs/deploying.md', 'utf8');

/** The fenced blocks of a language. */
const blocks = (language: string): string[] =>
  Array.from(doc.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm')), ([, code = '']) => code);

test('the table of options names each one that there is, with its default', () => {
  const rows = new Map(Array.from(doc.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm), ([, name = '', value = '']) => [name, value.trim()]));

  expect(Object.keys(readContext(new RootConstruct().node, {})).filter((name) => !rows.has(name))).toEqual([]);
  expect(rows.get('maxConcurrency')).toBe(String(settings.eventSources.find((s) => s.function === 'scrape')?.maxConcurrency));
  expect(rows.get('scrapeMemoryMb')).toBe(String(settings.functions.scrape.memoryMb));
  expect(rows.get('logRetentionDays')).toBe(String(settings.logRetentionDays));
});

test('every output of the stack is told of', () => {
  const { template } = synthesise({ scrapers: { page: {} } });

  expect(Object.keys(template.Outputs).filter((name) => !doc.includes(`\`${name}\``))).toEqual([]);
});

test('the example of the construct runs as it stands', () => {
  const [example = ''] = blocks('ts');

  const directory = mkdtempSync(join(tmpdir(), 'urldrop-example-'));
  const env = { PATH: process.env['PATH'], CDK_OUTDIR: directory };
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', example], { encoding: 'utf8', env });
  rmSync(directory, { recursive: true });

  expect(stderr.replaceAll(/^Bundling asset .*$\n?/gm, '')).toBe('');
  expect(status).toBe(0);
});

test('the lifecycle rules for a bucket of one’s own are those of the settings', () => {
  const rules = blocks('json').find((json) => json.includes('"Rules"')) ?? '{}';
  const parsed = JSON.parse(rules) as {
    Rules: {
      Filter: { Prefix: string };
      Expiration?: { Days: number };
      AbortIncompleteMultipartUpload?: { DaysAfterInitiation: number };
    }[];
  };

  const expiring = parsed.Rules.flatMap(({ Filter, Expiration }) => (Expiration ? [[Filter.Prefix, Expiration.Days]] : []));
  expect(Object.fromEntries(expiring)).toEqual(settings.bucket.expireDays);
  expect(parsed.Rules.map((rule) => rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation)).toContain(
    settings.bucket.abortUploadsAfterDays,
  );
});

test('all other JSON can be read, and the files that the checklist names are there', () => {
  for (const json of blocks('json')) expect(() => JSON.parse(json) as unknown).not.toThrow();
  const files = Array.from(doc.matchAll(/`((?:infra|functions|test)\/[\w/-]+\.ts)`/g), ([, file = '']) => file);

  expect(files.length).toBeGreaterThan(8);
  for (const file of files) expect(() => readFileSync(file)).not.toThrow();
});

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly environment?: string;
        readonly steps: readonly { uses?: string; run?: string; with?: Readonly<Record<string, unknown>> }[];
      }
    >
  >;
}

test('the workflow for GitHub Actions is YAML that signs in by OIDC, checks, and deploys with options that there are', () => {
  const [source = ''] = blocks('yaml');
  const { permissions, jobs } = parse(source) as Workflow;
  const [job] = Object.values(jobs);
  const role = JSON.parse(blocks('json').find((json) => json.includes('"trust"')) ?? '{}') as {
    trust: { Statement: [{ Condition: { StringEquals: Record<string, string> } }] };
  };
  const subject = role.trust.Statement[0].Condition.StringEquals['token.actions.githubusercontent.com:sub'];

  expect(permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  // The role trusts one environment only: a job outside of it could not take it on.
  expect(subject).toBe(`repo:OWNER/REPO:environment:${job?.environment}`);
  const credentials = job?.steps.find((step) => step.uses?.startsWith('aws-actions/configure-aws-credentials@'))?.with;
  expect(Object.keys(credentials ?? {})).toEqual(['role-to-assume', 'aws-region']);
  expect(source).not.toMatch(/secrets\./);
  const commands = job?.steps.flatMap((step) => step.run ?? []) ?? [];
  const known = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  for (const [, script = ''] of commands.join('\n').matchAll(/npm run (\w+)/g)) expect(Object.keys(known.scripts)).toContain(script);
  expect(commands.at(-1)).toMatch(/^npx cdk deploy --require-approval never .*--outputs-file cdk-outputs\.json$/);
});

test('every option that the pages name is one that the stack knows, and every command one that urldrop knows', () => {
  const pages = ['README.md', 'docs/deploying.md', 'docs/operations.md', 'docs/scaling.md']
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const options = new Set(Array.from(pages.matchAll(/-c (\w+)=(?!value)/g), ([, name = '']) => name));
  const program = createProgram(() => {});

  expect([...options].filter((name) => !Object.keys(readContext(new RootConstruct().node, {})).includes(name))).toEqual([]);
  for (const [, verb = '', rest = ''] of pages.matchAll(/npx urldrop ([a-z]+)([^\n`|]*)/g)) {
    const command = program.commands.find((c) => c.name() === verb);
    expect(command, `urldrop ${verb}`).toBeDefined();
    for (const [flag] of rest.replace(/#.*$/, '').matchAll(/--[a-z-]+/g)) expect(command?.options.map((o) => o.long)).toContain(flag);
  }
});

test('the tables that it names are the ones that are made', () => {
  for (const table of Object.keys(tableDefinitions([]))) expect(doc).toContain(`\`${table}\``);
});
