import { expect, test } from 'vitest';
import { buildScraper, defineScraper } from '../../functions/scraper/define-scraper.ts';
import type { EmptyField } from '../../functions/scraper/types.ts';
import { run } from './run.ts';

const body = '<div class="product"><h1>Lamp</h1><p class="price">on request</p><p class="price">free</p></div>';

test('an author hears which fields stayed empty and how far their selectors match', async () => {
  const scraper = buildScraper(
    {
      name: 'test',
      pages: {
        page: {
          extract: {
            title: 'h1',
            now: '.product > .price b.now',
            none: 'section article',
            price: { selector: '.product .price', as: 'number' },
            id: { selector: 'h1', attr: 'id' },
            tags: ['.product .tag'],
            seller: { selector: '.product', value: { name: '.seller' } },
          },
        },
      },
    },
    undefined,
  );
  const empty: EmptyField[] = [];
  await run(scraper, body, { context: { onEmpty: (field) => empty.push(field) } });
  expect(empty).toEqual([
    { field: 'now', selector: '.product > .price b.now', matches: { selector: '.product > .price', count: 2 } },
    { field: 'none', selector: 'section article' },
    { field: 'price', selector: '.product .price', matches: { selector: '.product .price', count: 2 }, found: 'on request' },
    { field: 'id', selector: 'h1', matches: { selector: 'h1', count: 1 } },
    { field: 'tags', selector: '.product .tag', matches: { selector: '.product', count: 1 } },
    { field: 'seller.name', selector: '.seller' },
  ]);
});

test('an author hears of extract inside of parse too, and of the time for the tree', async () => {
  const scraper = defineScraper({
    name: 'test',
    pages: {
      page: {
        *parse({ extract }) {
          yield extract({ sku: '.sku' });
        },
      },
    },
  });
  const empty: EmptyField[] = [];
  const times: number[] = [];
  await run(scraper, body, { context: { onEmpty: (field) => empty.push(field), onTree: (ms) => times.push(ms) } });
  expect(empty).toEqual([{ field: 'sku', selector: '.sku' }]);
  expect(times).toHaveLength(1);
});
