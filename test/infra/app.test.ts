import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Template } from './synthesised.ts';

const directory = mkdtempSync(join(tmpdir(), 'urldrop-app-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs the app as `npm run synth` does: CloudFormation's schemas and the CDK's default rules held against the template. */
function synth(context: Record<string, string>, env: Record<string, string> = {}) {
  return spawnSync(process.execPath, ['infra/app.ts'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], CDK_OUTDIR: directory, CDK_CONTEXT_JSON: JSON.stringify(context), ...env },
  });
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(directory, file), 'utf8'));

test('the app writes a template that CloudFormation’s own schemas find no fault with, and says that it lacks a contact', () => {
  const { status, stderr } = synth({ stage: 'prod' });

  expect(stderr).toMatch(/^Warning: this template cannot be deployed yet: set -c contact=you@example\.org or URLDROP_CONTACT\.$/m);
  expect(status).toBe(0);
  expect(read('validation-report.json')).toMatchObject({ pluginReports: [] });
  expect(read('manifest.json')).toMatchObject({ artifacts: { 'urldrop-prod': { properties: { terminationProtection: true } } } });
  expect(Object.keys((read('urldrop-prod.template.json') as Template).Outputs)).toContain('BucketName');
});

test('a wrong option ends it with one line and no stack trace', () => {
  const { status, stderr } = synth({ maxConcurrency: 'many' });

  expect(stderr.trim()).toBe('-c maxConcurrency=… must be a whole number, not "many".');
  expect(status).toBe(1);
});
