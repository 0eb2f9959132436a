import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { FetchedPage } from '../../functions/fetch/types.ts';
import { UsageError } from '../../functions/job/errors.ts';
import type { Request } from '../../functions/job/request.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import { format, PROJECT } from './project.ts';
import { givenText, pagesFolder, type PageFacts } from './saved-pages.ts';

/** Characters of an address in a file's name. */
const MAX_NAME_CHARS = 60;

/**
 * Keeps a page as a fixture of the project, with what the scraper gives of it now as the snapshot, and a test that holds the scraper to it.
 * A page that is saved again replaces itself.
 *
 * @param recipe - the file that the scraper comes from, where it is no file of the project.
 * @returns the files that were written.
 * @throws {UsageError} code `input` where the scraper's file is not found.
 */
export async function savePage(scraper: Scraper, request: Request, page: FetchedPage, recipe?: string): Promise<string[]> {
  const test = join(PROJECT, 'test/scrapers', `${scraper.name}.pages.test.ts`);
  const folder = pagesFolder(scraper.name);
  const source = recipe === undefined ? join(PROJECT, 'functions/scrapers', `${scraper.name}.ts`) : resolve(recipe);
  if (!existsSync(source))
    throw new UsageError('input', `The page is not saved: its test needs scraper ${scraper.name} in ${relative(PROJECT, source)}.`);
  const name = nameOf(request);
  const body = `${name}.${endingOf(page.contentType)}`;
  const { 'set-cookie': _, ...headers } = page.headers;
  const { url, status, contentType, charset, provenance } = page;
  const facts: PageFacts = { request, url, status, contentType, charset, headers, provenance, body };
  await mkdir(folder, { recursive: true });
  const files = [join(folder, `${name}.page.json`), join(folder, body), join(folder, `${name}.given.json`)];
  const [factsFile = '', bodyFile = '', givenFile = ''] = files;
  await writeFile(factsFile, `${JSON.stringify(facts, undefined, 2)}\n`);
  await writeFile(bodyFile, page.body);
  await writeFile(givenFile, await givenText(scraper, request, page));
  if (existsSync(test)) return files;
  await mkdir(dirname(test), { recursive: true });
  await writeFile(test, testOf(scraper.name, importPath(dirname(test), source), recipe !== undefined));
  format([test]);
  return [...files, test];
}

function testOf(scraper: string, source: string, isRecipe: boolean): string {
  const imports = isRecipe
    ? `import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRecipe } from '../../functions/scraper/recipe.ts';
import { savedPages } from '../../infra/cli/saved-pages.ts';

const source = join(import.meta.dirname, '${source}');
const { scraper } = readRecipe({ source, text: readFileSync(source, 'utf8') }, '${scraper}');`
    : `import { expect, test } from 'vitest';
import scraper from '${source}';
import { savedPages } from '../../infra/cli/saved-pages.ts';`;
  return `${imports}

// Pages that \`urldrop try ${scraper} URL --save\` kept. After a change that is meant: npx vitest run test/scrapers/${scraper}.pages -u
test.each(savedPages('${scraper}'))('${scraper} gives of $name what it gave before', async ({ give, snapshot }) => {
  await expect(await give(scraper)).toMatchFileSnapshot(snapshot);
});
`;
}

function importPath(from: string, to: string): string {
  const path = relative(from, to).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}

/** The end of the address, which a reader knows the page by, and a hash, which tells it from others. */
function nameOf({ url, page = '' }: Request): string {
  const { pathname, search } = new URL(url);
  const readable = `${pathname}${search}`.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '');
  const hash = createHash('sha256').update(`${page} ${url}`).digest('hex').slice(0, 8);
  return readable === '' ? hash : `${readable.slice(-MAX_NAME_CHARS).replace(/^-+/, '')}-${hash}`;
}

function endingOf(contentType: string): string {
  if (contentType.endsWith('json')) return 'body.json';
  if (contentType.endsWith('html')) return 'html';
  return contentType.endsWith('xml') ? 'xml' : 'bin';
}
