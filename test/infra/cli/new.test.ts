import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withScraper } from '../../../infra/cli/scraper-list.ts';
import { startShop } from '../../../infra/local/sample-shop.ts';
import { tempDir } from '../local/clouds.ts';
import { urldrop } from './command.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** A copy of the project, to be written into. */
function copyOf(folder: string): string {
  for (const part of [
    'functions',
    'infra',
    'package.json',
    'test/helpers',
    'cdk.json',
    'tsconfig.json',
    'vitest.config.ts',
    '.oxlintrc.json',
    '.oxfmtrc.json',
  ])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

test('new writes a scraper that works as it is; try --save a test of it that holds', async () => {
  using dir = tempDir();
  const shop = await startShop();
  const project = copyOf(dir.path);
  const bin = join(project, 'infra/cli/bin.js');
  const list = `${shop.url}/books/page-1.html`;
  const tool = (path: string, ...args: string[]) =>
    spawnSync(process.execPath, [join(ROOT, 'node_modules', path), ...args], {
      cwd: project,
      encoding: 'utf8',
      env: { ...process.env, VITEST: '' },
    });

  const made = await urldrop(project, ['new', 'my-books', list, '--allow-private'], { bin });
  expect([made.code, made.stderr]).toEqual([0, '']);
  expect(made.stdout).toMatch(/^Found 20 items by li\.book; the next page by a\[rel~="next"\]\.\ntitle +/);
  expect(made.stdout).toContain('Written: functions/scrapers/my-books.ts\nListed in functions/scrapers/index.ts.\n');
  const saved = await urldrop(project, ['try', 'my-books', list, '--save', '--allow-private'], { bin });
  expect([saved.code, saved.stderr]).toEqual([
    0,
    expect.stringMatching(/^Saved:\n {2}test\/fixtures\/pages\/my-books\/books-page-1-html-[0-9a-f]{8}\.page\.json\n/),
  ]);
  expect(saved.stdout).toContain('20 items\n');
  // A page that fails is kept as well, with its error; what is mended later then shows.
  const recipe = (selector: string) => JSON.stringify({ pages: { page: { extract: { title: { selector, required: true } } } } });
  writeFileSync(join(project, 'strict.json'), recipe('h7'));
  expect((await urldrop(project, ['try', '--recipe', 'strict.json', list, '--save', '--allow-private'], { bin })).code).toBe(1);
  await shop.close();

  const tests = ['test/scrapers/my-books.pages.test.ts', 'test/scrapers/strict.pages.test.ts'];
  const files = ['functions/scrapers/my-books.ts', 'functions/scrapers/index.ts', ...tests];
  expect(tool('typescript/bin/tsc', '-p', '.')).toMatchObject({ stdout: '', status: 0 });
  expect(tool('oxlint/bin/oxlint', '--deny-warnings', ...files)).toMatchObject({ status: 0 });
  expect(tool('oxfmt/bin/oxfmt', '--check', ...files, 'test/fixtures')).toMatchObject({ status: 0 });
  writeFileSync(join(project, 'strict.json'), recipe('h1'));
  const { status, stdout } = tool('vitest/vitest.mjs', 'run', ...tests);
  expect([status, stdout]).toEqual([1, expect.stringMatching(/Tests .*1 failed.*1 passed/)]);
  expect(stdout).toMatch(/strict gives of books-page-1-html-[0-9a-f]{8} what it gave before/);
});

test.each([
  [
    ['Books', 'http://a.example'],
    /^urldrop: "Books" is no name for a scraper: 1 to 50 lower-case letters, digits and dashes, a letter first\.\n$/,
  ],
  [
    ['shop', 'http://a.example'],
    /^urldrop: There is a scraper shop already\. Choose another name, or delete .*functions\/scrapers\/shop\.ts and its line in index\.ts\.\n$/,
  ],
  [['books', 'shop.example'], /^urldrop: "shop\.example" is no URL: one begins with http:\/\/ or https:\/\/\.\n$/],
])('new %j says what is wrong and writes nothing', async (args, message) => {
  using dir = tempDir();
  const { code, stderr } = await urldrop(dir.path, ['new', ...args]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(existsSync(join(ROOT, 'functions/scrapers/books.ts'))).toBe(false);
});

test('a scraper is added to the list under a name that the language allows', () => {
  const text = readFileSync(join(ROOT, 'functions/scrapers/index.ts'), 'utf8');
  expect(withScraper(text, 'my-books')).toMatch(/import myBooks from '\.\/my-books\.ts';\n\n[^]*, myBooks\]\.map\(/);
  expect(withScraper(text, 'class')).toContain("import classScraper from './class.ts';");
  expect(withScraper(text, 'scrapers')).toContain("import scrapersScraper from './scrapers.ts';");
  expect(withScraper('export const scrapers = {};', 'x')).toBeUndefined();
});
