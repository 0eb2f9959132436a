import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { defineScraper } from '../../functions/scraper/define-scraper.ts';
import type { PageYield } from '../../functions/scraper/types.ts';
import { run } from './run.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const scraper = defineScraper({
  name: 'test',
  pages: {
    page: {
      *parse({ $, follow }) {
        const title = $('h1').text();
        yield { title, words: title.split(' ') };
        yield follow('/next', 'page', { data: { from: title }, body: title });
      },
    },
  },
});

test('what a page gave does not keep the page in memory', async () => {
  const pageChars = 1_000_000;
  const pages = 60;
  const kept: PageYield[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < pages; i++) {
    // Strings shorter than 13 characters are copied by V8 anyway.
    kept.push(await run(scraper, `<h1>The long and winding title of page number ${i}</h1>${'filler '.repeat(pageChars / 7)}`));
  }
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  expect(kept).toHaveLength(pages);
  // Were the titles slices of their pages, it would be 60 MB.
  expect(grown).toBeLessThan(20_000_000);
});
