import { describe, expect, test } from 'vitest';
import { buildScraper } from '../../../functions/scraper/define-scraper.ts';
import type { RunContext } from '../../../functions/scraper/types.ts';
import { run } from '../run.ts';

const PAGE =
  '<!doctype html><base href="/shop/"><title>Lamps</title><h1>Brass <b>lamp</b></h1><a href="a">A</a><a rel=nofollow href="b">B</a><p class=price>5</p>';

/** Runs a page type over a page; gives what came out, and whether a tree was built for it. */
async function outcome(page: Record<string, unknown>, more: { html?: string; type?: string; scraper?: object; context?: RunContext } = {}) {
  let trees = 0;
  const scraper = buildScraper({ name: 'test', ...more.scraper, pages: { page } }, undefined);
  const context: RunContext = { ...more.context, onTree: () => void trees++ };
  const given = await run(scraper, more.html ?? PAGE, { page: { contentType: more.type ?? 'text/html' }, context });
  return { items: given.items, follows: given.follows.map(({ url }) => url), trees };
}

describe('a page type needs no tree', () => {
  test.each<[string, Record<string, unknown>, unknown]>([
    [
      'for fields',
      { extract: { h1: 'h1', price: { selector: '.price', as: 'number' } } },
      { items: [{ h1: 'Brass lamp', price: 5 }], follows: [] },
    ],
    [
      'for items and links',
      { each: 'a', extract: { name: ':scope' }, follow: { a: 'page' } },
      { items: [{ name: 'A' }, { name: 'B' }], follows: ['https://shop.example/shop/a', 'https://shop.example/shop/b'] },
    ],
    [
      'for addresses',
      { extract: { url: { selector: 'a', value: 'href' } } },
      { items: [{ url: 'https://shop.example/shop/a' }], follows: [] },
    ],
    [
      'for functions of the text',
      { extract: { n: { selector: 'h1', as: (text: string) => text.length } } },
      { items: [{ n: 10 }], follows: [] },
    ],
  ])('%s', async (_, page, expected) => {
    expect(await outcome(page)).toEqual({ ...(expected as object), trees: 0 });
  });

  test('to resolve addresses in code of the scraper’s own', async () => {
    const page = {
      *parse({ absolute, follow }: { absolute: (a: string) => unknown; follow: (a: string) => unknown }) {
        yield { url: absolute('x') };
        yield follow('y');
      },
    };
    expect(await outcome(page)).toEqual({
      items: [{ url: 'https://shop.example/shop/x' }],
      follows: ['https://shop.example/shop/y'],
      trees: 0,
    });
  });
});

describe('a page type uses the tree, with the same result', () => {
  test.each<[string, Record<string, unknown>, Parameters<typeof outcome>[1], unknown]>([
    ['for a selector that looks ahead', { extract: { h1: 'h1:has(b)' } }, {}, [{ h1: 'Brass lamp' }]],
    ['for functions of the tree', { extract: { n: ({ $ }: { $: (s: string) => { length: number } }) => $('a').length } }, {}, [{ n: 2 }]],
    ['for markup as a value', { extract: { h1: { selector: 'h1', value: 'innerHTML' } } }, {}, [{ h1: 'Brass <b>lamp</b>' }]],
    ['where the scraper wants the tree of browsers', { extract: { h1: 'h1' } }, { scraper: { parser: 'html5' } }, [{ h1: 'Brass lamp' }]],
    ['for XML', { extract: { a: ['Item'] } }, { html: '<Root><Item/><Item>x</Item></Root>', type: 'application/xml' }, [{ a: ['', 'x'] }]],
    ['where an author asks why fields are empty', { extract: { none: '.none' } }, { context: { onEmpty: () => undefined } }, [{}]],
    [
      'where an html tag in the middle of a page adds what is asked for',
      { extract: { lang: { selector: 'html', attr: 'lang' } } },
      { html: '<div><p>a<html lang=en><p>b</div>' },
      [{ lang: 'en' }],
    ],
    [
      'where a conversion looks at it',
      {
        extract: {
          n: {
            selector: 'h1',
            as: (_: string, { scope }: { scope: { find: (s: string) => { text: () => string } } }) => scope.find('b').text(),
          },
        },
      },
      {},
      [{ n: 'lamp' }],
    ],
  ])('%s', async (_, page, more, items) => {
    expect(await outcome(page, more)).toMatchObject({ items, trees: 1 });
  });
});

describe('a page’s memory is given back', () => {
  const released = async (page: Record<string, unknown>, context: RunContext) => {
    let count = 0;
    const scraper = buildScraper({ name: 'test', pages: { page } }, undefined);
    const { items } = await run(scraper, PAGE, { page: { release: () => void count++ }, context });
    return { items, count };
  };
  const extract = { h1: 'h1' };

  test('once its fields are read', async () => {
    expect(await released({ extract }, { isLast: true })).toEqual({ items: [{ h1: 'Brass lamp' }], count: 1 });
  });

  test.each<[string, Record<string, unknown>, RunContext]>([
    ['where it is wanted again', { extract }, {}],
    [
      'where code of the scraper may have kept it',
      {
        *parse({ body }: { body: Buffer }) {
          yield body.length;
        },
      },
      { isLast: true },
    ],
  ])('but not %s', async (_, page, context) => {
    expect((await released(page, context)).count).toBe(0);
  });
});
