import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RootConstruct } from 'constructs';
import { expect, test } from 'vitest';
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

test('the tables that it names are the ones that are made', () => {
  for (const table of Object.keys(tableDefinitions([]))) expect(doc).toContain(`\`${table}\``);
});
