import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { FetchedPage } from '../../functions/fetch/types.ts';
import { errorKind, RequestError, UsageError } from '../../functions/job/errors.ts';
import { buildScraper, SCRAPER_NAME } from '../../functions/scraper/define-scraper.ts';
import { guessItems } from '../../functions/scraper/guess-items.ts';
import { buildTree } from '../../functions/scraper/page-tree.ts';
import { pageOfGuess, scraperSource } from '../../functions/scraper/scraper-source.ts';
import { scraperNamed } from './choose-scraper.ts';
import { exitCodes } from './exit-codes.ts';
import { invokedAs } from './invoked-as.ts';
import type { NewFlags } from './new-command.ts';
import { countOf } from './number-text.ts';
import { fetchOnePage, pageUrl } from './one-page.ts';
import { printable } from './printable.ts';
import { format, PROJECT } from './project.ts';
import { listScraper } from './scraper-list.ts';
import { table } from './table.ts';

const SHOWN_ITEMS = 5;

/**
 * `urldrop new`: fetches a page, guesses what it lists, and writes a scraper for it into the project.
 *
 * @throws {UsageError} `bad-scraper` for a name that is none or taken, `input` for what is no URL.
 */
export async function newScraper(name: string, address: string, flags: NewFlags): Promise<number> {
  const file = join(PROJECT, 'functions/scrapers', `${name}.ts`);
  const url = pageUrl(address);
  if (!SCRAPER_NAME.test(name))
    throw new UsageError(
      'bad-scraper',
      `${JSON.stringify(name)} is no name for a scraper: 1 to 50 lower-case letters, digits and dashes, a letter first.`,
    );
  if (scraperNamed(name) ?? existsSync(file))
    throw new UsageError(
      'bad-scraper',
      `There is a scraper ${name} already. Choose another name, or delete ${relative('.', file)} and its line in index.ts.`,
    );
  const draft = buildScraper({ name, pages: { page: { extract: { title: 'title' } } } }, undefined);
  let page: FetchedPage;
  let guess;
  try {
    page = await fetchOnePage(url, draft.request, flags);
    const limits = { maxNesting: 1_000, maxNodes: 500_000 };
    guess = guessItems(buildTree(page.text(), { ...limits, parser: 'htmlparser2', xml: false, baseUrl: page.url }));
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    process.stderr.write(`${printable(`${error.code}: ${error.message}`)}\n${errorKind(error.code).remedy}\n`);
    return exitCodes.failed;
  }
  await writeFile(file, scraperSource(name, url, guess));
  const list = await listScraper(name);
  format([file, ...(list === undefined ? [] : [list])]);

  const guessed = buildScraper({ name, pages: pageOfGuess(guess) }, undefined);
  const { items, follows } = await guessed.run({ url }, page);
  const what =
    guess.each === undefined ? 'nothing that the page repeats: the page is the item' : `${countOf(guess.count, 'item')} by ${guess.each}`;
  const lines = [
    `Found ${what}${guess.next === undefined ? '' : `; the next page by ${guess.next}`}.`,
    ...(items.length > 0 ? table(items.slice(0, SHOWN_ITEMS), process.stdout.columns ?? 100).split('\n') : []),
    ...(items.length > SHOWN_ITEMS ? [`… and ${items.length - SHOWN_ITEMS} more`] : []),
    ...(follows.length > 0 ? [`Next: ${follows[0]?.url ?? ''}`] : []),
    '',
    `Written: ${relative('.', file)}`,
    list === undefined
      ? `Add it to functions/scrapers/index.ts, which does not look as it did: nothing knows it before.`
      : `Listed in ${relative('.', list)}.`,
    `It is a guess: mend its fields, then look again with: ${invokedAs()} try ${name} ${url}${flags.allowPrivate ? ' --allow-private' : ''}`,
  ];
  process.stdout.write(`${lines.map(printable).join('\n')}\n`);
  return exitCodes.done;
}
