import * as cheerio from 'cheerio/slim';
import { FILE_PAGE, type Request } from '../../../functions/job/request.ts';
import { fileName } from '../../../functions/scraper/file-name.ts';
import type { PageYield } from '../../../functions/scraper/types.ts';
import { scraper, titleAndLinks } from '../../helpers/scrapers.ts';

/** The key of the list that the scraper starts with when its schedule fires. */
export const START_KEY = 'urls/fault/start.txt';

/** Follows every link of the fault sites and keeps every file. Two requests a host at a time, so that calls of one invocation interleave. */
export const faultScraper = scraper({
  name: 'fault',
  politeness: { concurrency: 2 },
  start: `file:${START_KEY}`,
  run: (request, page) => {
    const text = page.text();
    const found = titleAndLinks(text, page.url, request);
    kill((found.items[0] as { title: string }).title);
    return Promise.resolve({ ...found, follows: [...found.follows, ...files(text, page.url, request)] });
  },
});

function files(text: string, base: string, { depth = 0 }: Request): PageYield['follows'] {
  const $ = cheerio.load(text);
  return Array.from($('img[src]'), (img) => {
    const file: Request = { url: new URL($(img).attr('src') ?? '', base).href, page: FILE_PAGE, depth: depth + 1 };
    return { ...file, file: { name: fileName(file), maxBytes: 1_000_000 } };
  });
}

/** Pages that say so take the whole function with them. */
function kill(title: string): void {
  if (title === 'exit') process.exit(1);
  if (title === 'loop') for (;;);
  if (title !== 'memory') return;
  const hoard: number[][] = [];
  for (;;) hoard.push(Array<number>(10_000).fill(1.5));
}
