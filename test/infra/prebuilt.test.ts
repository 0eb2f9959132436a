import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { PREBUILT, type Build } from '../../infra/prebuilt/build.ts';
import { startSite } from '../fetch/harness.ts';
import { urldrop } from './cli/command.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'urldrop-prebuilt-'));
/** The project, to be changed, with the same packages and so with the same build. */
const copy = join(folder, 'project');
let build: Build;

beforeAll(() => {
  const { stderr } = spawnSync(process.execPath, [join(ROOT, 'infra/prebuilt/prebuild.ts')], { encoding: 'utf8' });
  if (stderr !== '') throw new Error(stderr);
  build = JSON.parse(readFileSync(join(PREBUILT, 'index.json'), 'utf8')) as Build;
});
beforeEach(() => {
  rmSync(copy, { recursive: true, force: true });
  for (const part of ['functions', 'infra', 'package.json']) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a module of the copy's prints, behind the hook or without it. */
function printed(module: string, { args = [], isHooked = true }: { args?: readonly string[]; isHooked?: boolean } = {}): string {
  const begin = join(copy, 'functions/begin.ts');
  writeFileSync(join(copy, 'functions/module.ts'), module);
  writeFileSync(begin, `${isHooked ? "await import('../infra/prebuilt/use-prebuilt.ts');\n" : ''}await import('./module.ts');`);
  const { stdout, stderr } = spawnSync(process.execPath, [begin, ...args], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim();
}

/** Where a module of the copy's comes from: a function that throws says so. */
function origin(): 'build' | 'source' {
  const stack = printed(`
    import { laneShares } from './job/lane.ts';
    try { laneShares(undefined as never, 1); } catch (error) { console.log((error as Error).stack); }`);
  return /\n\s+at laneShares .*\/node_modules\/\.cache\//.test(stack) ? 'build' : 'source';
}

it('hands on all that each module exports', () => {
  const module = `
    for (const name of process.argv.slice(2)) {
      const names = Object.keys(await import(name.endsWith('.ts') ? '../' + name : name));
      console.log(name, ...names.filter((n) => !['module.exports', '__esModule'].includes(n)));
    }`;
  const args = Object.keys(build.modules);
  expect(args.length).toBeGreaterThan(150);
  expect(printed(module, { args }).split('\n')).toEqual(printed(module, { args, isHooked: false }).split('\n'));
});

it('gives the files of another build other names: the engine goes by them when it takes up code that was kept', () => {
  const files = readdirSync(PREBUILT).filter((file) => file.endsWith('.js'));
  expect(files.filter((file) => !file.endsWith(`-${build.madeOf.slice(0, 8)}.js`))).toEqual([]);
  expect(files.length).toBeGreaterThan(10);
});

it('is used where all that it is made of is the same', () => expect(origin()).toBe('build'));

it('is not used when a module of it has changed, whatever its length', () => {
  expect(origin()).toBe('build');
  const file = join(copy, 'infra/cli/program.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replace('Serverless scraping', 'Scraping serverless'));
  expect(origin()).toBe('source');
  const { stdout } = spawnSync(process.execPath, [join(copy, 'infra/cli/bin.js'), '--help'], { encoding: 'utf8' });
  expect(stdout).toContain('Scraping serverless');
});

it('is not used when the way it is made has changed, or a module is gone', () => {
  appendFileSync(join(copy, 'infra/bundling/options.ts'), '\n');
  expect(origin()).toBe('source');
  cpSync(join(ROOT, 'infra/bundling'), join(copy, 'infra/bundling'), { recursive: true });
  expect(origin()).toBe('build');
  rmSync(join(copy, 'infra/cli/follow-job.ts'));
  expect(origin()).toBe('source');
});

it('goes on being used when scrapers are changed or added, which get the very modules that are in it', async () => {
  const site = await startSite((_request, response) => response.setHeader('content-type', 'text/html').end('<h1>One</h1>'));
  const index = join(copy, 'functions/scrapers/index.ts');
  writeFileSync(index, `import { own } from './own.ts';\n${readFileSync(index, 'utf8').replace('[page,', '[own, page,')}`);
  writeFileSync(
    join(copy, 'functions/scrapers/own.ts'),
    `import { Element } from 'domhandler';
     import { RequestError } from '../job/errors.ts';
     import { defineScraper } from '../scraper/define-scraper.ts';
     export const own = defineScraper({ name: 'own', pages: { page: { *parse({ $, request }) {
       if (request.url.endsWith('/2')) throw new RequestError('too-large', 'By a class of the project.');
       yield { isElement: $('h1')[0] instanceof Element };
     } } } });`,
  );
  // Who loads what: a thread's own file is in no build.
  const loaded = join(folder, 'loaded.txt');
  const worker = join(copy, 'infra/local/function-worker.ts');
  const note = `
    import { appendFileSync } from 'node:fs';
    import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) {
      const result = next(url, context);
      if (result.format === 'module-typescript') appendFileSync(${JSON.stringify(loaded)}, url + '\\n');
      return result;
    } });`;
  writeFileSync(worker, `${note}\n${readFileSync(worker, 'utf8')}`);
  const args = ['run', `${site.origin}/1`, `${site.origin}/2`, '--scraper', 'own', '--allow-private'];
  const { stdout, stderr } = await urldrop(folder, args, { bin: join(copy, 'infra/cli/bin.js') });
  expect(stdout).toContain('"item":{"isElement":true}');
  expect(stderr).toMatch(/too-large .*By a class of the project/);
  const names = readFileSync(loaded, 'utf8')
    .trim()
    .split('\n')
    .map((url) => relative(copy, fileURLToPath(url)));
  expect(names).toContain('functions/scrapers/own.ts');
  expect(names.filter((name) => name in build.modules)).toEqual([]);
});

it('does not take code that was damaged since it was kept', async () => {
  const code = join(folder, 'code');
  const help = () => urldrop(folder, ['run', '--help'], { env: { NODE_COMPILE_CACHE: code } });
  const { stdout } = await help();
  const kept = readdirSync(code, { recursive: true, encoding: 'utf8' }).filter((name) => basename(name).startsWith('urldrop-'));
  expect(kept.length).toBeGreaterThan(0);
  for (const name of kept) {
    const bytes = readFileSync(join(code, name));
    // Where a power cut may leave nothing: behind what the engine looks at by itself.
    writeFileSync(join(code, name), bytes.fill(0, 256));
  }
  expect(await help()).toMatchObject({ code: 0, stdout, stderr: '' });
});
