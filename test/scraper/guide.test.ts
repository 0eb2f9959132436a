import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildScraper } from '../../functions/scraper/define-scraper.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import { readRecipe } from '../../functions/scraper/recipe.ts';
import { recipeSchema } from '../../functions/scraper/recipe-schema.ts';
import { runOptions, scraperOptions, type ScraperOption } from '../../functions/scraper/scraper-options.ts';
import { scrapers } from '../../functions/scrapers/index.ts';
import { clips, startClipsSite } from '../sites/clips-site.ts';
import { complaints, startComplaintsSite } from '../sites/complaints-site.ts';
import { pageOf } from './page-of.ts';

const root = join(import.meta.dirname, '../..');
const path = join(root, 'docs/scrapers.md');
const guide = readFileSync(path, 'utf8');

interface Block {
  readonly language: string;
  /** What stands behind the language: `page=book url=…`, `items`. */
  readonly info: Readonly<Record<string, string>>;
  readonly text: string;
  readonly line: number;
}

/** An example: its code, the page below it, and what should come of it. */
interface Example {
  readonly code: Block;
  page?: Block;
  readonly expected: Block[];
}

const blocks: Block[] = Array.from(guide.matchAll(/^```(\w+)([^\n]*)\n(.*?)^```$/gms), (match) => ({
  language: match[1] ?? '',
  info: Object.fromEntries(
    (match[2] ?? '')
      .trim()
      .split(/\s+/)
      .map((word) => [word.split('=', 1)[0] ?? '', word.slice(word.indexOf('=') + 1)]),
  ),
  text: match[3] ?? '',
  line: guide.slice(0, match.index).split('\n').length,
}));

const examples: Example[] = [];
for (const block of blocks) {
  const last = examples.at(-1);
  if (block.language === 'ts' || 'recipe' in block.info) examples.push({ code: block, expected: [] });
  else if (block.language === 'html' && last) last.page = block;
  else if (block.language === 'json') last?.expected.push(block);
}

/** Below node_modules, where no tool looks for sources and all packages are found. */
let folder: string;
beforeAll(() => {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, 'guide-'));
  const up = relative(folder, join(root, 'functions'));
  for (const { code } of examples.filter((example) => example.code.language === 'ts'))
    writeFileSync(fileOf(code), code.text.replaceAll("from '../", `from '${up}/`));
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), include: ['*.ts', join(root, 'functions/**/*.d.ts')], exclude: [] }),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (code: Block) => join(folder, `line-${code.line}.ts`);

describe('the guide', () => {
  test('has examples that compile', () => {
    const { stdout, status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  test.each(examples.map((example) => [example.code.line, example] as const))(
    'has an example on line %d that gives what it says',
    async (_, { code, page, expected }) => {
      const scraper =
        code.language === 'ts'
          ? ((await import(fileOf(code))) as { default: Scraper }).default
          : readRecipe({ text: code.text, source: `line-${code.line}.${code.language}` }, 'recipe').scraper;
      if (!page || expected.length === 0) throw new Error(`The example on line ${code.line} has no page or no result below it.`);
      const url = page.info['url'] ?? 'https://shop.example/';
      const fetched = pageOf(page.text, { url, contentType: page.info['type'] ?? 'text/html' });
      const given = await scraper.run({ url, ...(page.info['page'] !== undefined && { page: page.info['page'] }) }, fetched);
      for (const { info, text } of expected) expect('items' in info ? given.items : given.follows).toEqual(JSON.parse(text));
    },
  );

  test('translates the article’s XPaths into what finds the same on its sites', async () => {
    await using videos = await startClipsSite();
    await using board = await startComplaintsSite();
    const video = buildScraper(
      {
        name: 'videos',
        pages: {
          list: {
            each: cssOf('//*[@id="listvideoList"]/ul/li'),
            extract: {
              // Written out in the guide as fields.
              address: { selector: cssOf('./div/a/@href'), attr: 'href' },
              title: cssOf('./div/a/div[2]/text()'),
            },
          },
          clip: { extract: { address: { selector: 'script', match: /srcUrl="([^"]+)"/ } } },
        },
      },
      undefined,
    );
    const page = async (url: string) => pageOf(Buffer.from(await (await fetch(url)).arrayBuffer()), { url });
    const [clip] = clips;
    const { items } = await video.run({ url: videos.url }, await page(`${videos.url}/category_1`));
    expect(items).toEqual(clips.slice(0, 8).map(({ path: address, title }) => ({ address: address.slice(1), title })));
    expect(rowOf('//script[contains(., "srcUrl")]')).toContain('{ selector: \'script\', match: /srcUrl="([^"]+)"/ }');
    expect((await video.run({ url: videos.url, page: 'clip' }, await page(`${videos.url}${clip?.path}`))).items).toEqual([
      { address: `${videos.url}${clip?.file}` },
    ]);
    const titles = [cssOf('//div[@class="greyframe"]/table//td/a[@class="news14"]/text()')];
    const list = buildScraper({ name: 'board', charset: 'gbk', pages: { list: { extract: { titles } } } }, undefined);
    const listed = await list.run({ url: board.url }, await page(`${board.url}/index.php/question/questionType?type=4&page=30`));
    expect(listed.items).toEqual([{ titles: complaints.slice(30, 60).map(({ title }) => title) }]);
  });

  test('lists every option as the code has it', () => {
    const table = optionTable();
    if (process.env['UPDATE_GUIDE'] === '1')
      writeFileSync(path, guide.replace(/(<!-- options -->\n).*(<!-- \/options -->)/s, `$1${table}$2`));
    expect(/<!-- options -->\n(.*)<!-- \/options -->/s.exec(readFileSync(path, 'utf8'))?.[1]).toBe(table);
  });

  test('ships the schema of recipes that the code derives', () => {
    const schema = join(root, 'docs/recipe.schema.json');
    const derived = `${JSON.stringify(recipeSchema(), undefined, 2)}\n`;
    if (process.env['UPDATE_GUIDE'] === '1') writeFileSync(schema, derived);
    expect(JSON.parse(readFileSync(schema, 'utf8'))).toEqual(JSON.parse(derived));
  });

  test('names every scraper that is there', () => {
    for (const name of Object.keys(scrapers)) expect(guide).toContain(`\`${name}\``);
  });
});

function optionTable(): string {
  const row = (name: string, option: ScraperOption) => `| \`${name}\` | ${rangeOf(option)} | ${shown(option.default)} | ${option.reason} |`;
  const runs = Object.entries(runOptions as Record<string, ScraperOption>).map(([name, option]) => row(name, option));
  const groups = Object.entries(scraperOptions as Record<string, Record<string, ScraperOption>>).flatMap(([group, options]) =>
    Object.entries(options).map(([name, option]) => row(`${group}.${name}`, option)),
  );
  return ['| option | values | default | what for |', '| --- | --- | --- | --- |', ...runs, ...groups, ''].join('\n');
}

function rangeOf(option: ScraperOption): string {
  if (option.kind === 'number') return `${option.min} to ${option.max} ${option.unit}`;
  if (option.kind === 'choice') return option.choices.map((choice) => `\`${choice}\``).join(', ');
  if (option.kind === 'flag') return '`true`, `false`';
  return option.kind === 'headers' ? 'names and values' : `list of ${option.expected}`;
}

function shown(value: ScraperOption['default']): string {
  if (typeof value === 'object') return Array.isArray(value) ? value.map((v) => `\`${v}\``).join(', ') || 'none' : 'none';
  return typeof value !== 'string' ? String(value) : `\`${value}\``;
}

/** The row of the guide that begins with an XPath. */
function rowOf(xpath: string): string {
  const row = guide.split('\n').find((line) => line.startsWith(`| \`${xpath}\``));
  if (row === undefined) throw new Error(`The guide has no row for ${xpath}.`);
  return row.slice(xpath.length + 5);
}

/** The selector that stands in the row of an XPath. */
function cssOf(xpath: string): string {
  const row = rowOf(xpath);
  return /selector: '([^']+)'/.exec(row)?.[1] ?? /`'?([^'`]+)'?`/.exec(row)?.[1] ?? '';
}
