import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PREBUILT, type PrebuiltIndex } from '../../infra/prebuilt/identity.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'urldrop-prebuilt-'));
let index: PrebuiltIndex;

beforeAll(() => {
  const { stderr } = spawnSync(process.execPath, [join(ROOT, 'infra/prebuilt/prebuild.ts')], { encoding: 'utf8' });
  if (stderr !== '') throw new Error(stderr);
  index = JSON.parse(readFileSync(join(PREBUILT, 'index.json'), 'utf8')) as PrebuiltIndex;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a file of ours in `project` gets when it imports each of these, behind the hook. */
function resolved(project: string, ...names: readonly string[]): string[] {
  const program = `
    await import(${JSON.stringify(pathToFileURL(join(project, 'infra/prebuilt/use-prebuilt.ts')).href)});
    for (const name of process.argv.slice(1)) console.log(import.meta.resolve(name));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program, ...names], {
    cwd: project,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

it('hands on all that a package exports', () => {
  // Outside of the test's own module loader, whose view of CommonJS is another.
  const program = `
    const names = async (module) => Object.keys(await import(module)).filter((name) => !['module.exports', '__esModule'].includes(name));
    for (const [own, prebuilt] of JSON.parse(process.argv[1])) console.log(JSON.stringify([own, await names(own), await names(prebuilt)]));`;
  const pairs = Object.entries(index.modules).map(([name, file]) => [
    name === 'sdk' ? join(ROOT, 'functions/aws/sdk.ts') : name,
    join(PREBUILT, file),
  ]);
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program, JSON.stringify(pairs)], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(pairs.length);
  for (const line of lines) {
    const [name, own, prebuilt] = JSON.parse(line) as [string, string[], string[]];
    expect({ name, exports: prebuilt }).toEqual({ name, exports: own });
  }
});

it('stands in for the packages that are installed', () => {
  expect(resolved(ROOT, 'fauxqs', 'cheerio/slim')).toEqual(
    ['fauxqs', 'cheerio/slim'].map((name) => pathToFileURL(join(PREBUILT, index.modules[name] ?? '')).href),
  );
});

it('steps back when what it is made of has changed', () => {
  for (const part of ['functions/aws', 'infra/bundling', 'infra/prebuilt', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const prebuilt = pathToFileURL(join(folder, 'node_modules/.cache/urldrop', index.modules['fauxqs'] ?? '')).href;
  expect(resolved(folder, 'fauxqs')).toEqual([prebuilt]);
  appendFileSync(join(folder, 'functions/aws/sdk.ts'), "export { CopyObjectCommand } from '@aws-sdk/client-s3';\n");
  expect(resolved(folder, 'fauxqs')).toEqual([pathToFileURL(join(ROOT, 'node_modules/fauxqs/dist/app.js')).href]);
});
