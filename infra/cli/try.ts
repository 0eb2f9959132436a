import { relative } from 'node:path';
import type { FetchedPage } from '../../functions/fetch/types.ts';
import { errorKind, RequestError, UsageError } from '../../functions/job/errors.ts';
import { unknownName } from '../../functions/job/nearest-name.ts';
import type { Request } from '../../functions/job/request.ts';
import { furtherAttempts } from '../../functions/scrape/retries.ts';
import type { RequestOptions, Scraper } from '../../functions/scraper/types.ts';
import { scraperNamed, scraperOfRecipeFile, unknownScraper } from './choose-scraper.ts';
import { exitCodes } from './exit-codes.ts';
import { countOf } from './number-text.ts';
import { fetchOnePage, pageUrl } from './one-page.ts';
import { printable } from './printable.ts';
import type { TryFlags } from './try-command.ts';
import { emptyFieldsText, EmptyFields, tryJson, tryText, type Tried } from './try-report.ts';

/**
 * `urldrop try`: one page through the same fetcher and scraper as in a job. Nothing is stored but what --save asks for.
 *
 * @param words - what stands behind `try`: scraper and URL; with --recipe the URL alone.
 * @throws {UsageError} `input`, `unknown-scraper`, `unknown-page`, `bad-recipe`.
 */
export async function tryPage(words: readonly string[], flags: TryFlags): Promise<number> {
  const { scraper, url } = await readWords(words, flags);
  const { page: pageName } = flags;
  if (pageName !== undefined && !scraper.pageNames.includes(pageName))
    throw new UsageError('unknown-page', `Scraper ${scraper.name} has no page type ${unknownName(pageName, scraper.pageNames)}`);
  const request: Request = { url, ...(pageName !== undefined && { page: pageName }) };
  let page: FetchedPage;
  try {
    page = await fetchOnePage(url, scraper.request, flags);
  } catch (error) {
    return failed(error, scraper.request);
  }
  const empty = new EmptyFields();
  const code = await show(scraper, request, page, empty, flags);
  if (flags.save) {
    const { savePage } = await import('./save-page.ts');
    const files = await savePage(scraper, request, page, flags.recipe);
    const names = files.map((file) => `  ${relative(process.cwd(), file)}`).join('\n');
    process.stderr.write(
      `Saved:\n${names}\nTest it: npx vitest run test/scrapers/${scraper.name}.pages (with -u after a change that is meant)\n`,
    );
  }
  return code;
}

async function show(scraper: Scraper, request: Request, page: FetchedPage, empty: EmptyFields, flags: TryFlags): Promise<number> {
  let treeMs = 0;
  const context = {
    onEmpty: (field: Parameters<EmptyFields['add']>[0]) => empty.add(field),
    onTree: (ms: number) => {
      treeMs += ms;
    },
    log: (message: string, facts: object) =>
      process.stderr.write(`log: ${printable(message)}${Object.keys(facts).length > 0 ? ` ${printable(JSON.stringify(facts))}` : ''}\n`),
  };
  const startedMs = performance.now();
  try {
    const found = await scraper.run(request, page, context);
    const tried: Tried = { firstPage: scraper.firstPage, page, found, empty, treeMs, extractMs: performance.now() - startedMs - treeMs };
    process.stdout.write(flags.json ? tryJson(tried) : tryText(tried, process.stdout.columns ?? 100));
    return exitCodes.done;
  } catch (error) {
    const lines = emptyFieldsText(empty, 0);
    if (lines.length > 0) process.stderr.write(`${lines.map(printable).join('\n')}\n`);
    return failed(error, scraper.request);
  }
}

/** @throws whatever is no failure of the page. */
function failed(error: unknown, options: RequestOptions): number {
  if (!(error instanceof RequestError)) throw error;
  const further = furtherAttempts(error.next, options);
  const lines = [printable(`${error.code}: ${error.message}`), errorKind(error.code).remedy];
  if (further > 0) {
    const until = `begun within ${options.giveUpAfter} ms of the first (request.retries, request.giveUpAfter)`;
    lines.push(`A job would make up to ${countOf(further, 'further attempt')}, ${until}.`);
  }
  process.stderr.write(`${lines.join('\n')}\n`);
  return exitCodes.failed;
}

async function readWords(words: readonly string[], { recipe }: TryFlags): Promise<{ scraper: Scraper; url: string }> {
  const [name = '', url] = recipe === undefined ? words : [undefined, ...words];
  if (url === undefined || words.length > (recipe === undefined ? 2 : 1))
    throw new UsageError('input', 'Type the scraper and the page: urldrop try SCRAPER URL, or urldrop try --recipe FILE URL.');
  if (recipe !== undefined) return { scraper: (await scraperOfRecipeFile(recipe)).scraper, url: pageUrl(url) };
  const scraper = scraperNamed(name);
  if (!scraper) throw unknownScraper(name);
  return { scraper, url: pageUrl(url) };
}
