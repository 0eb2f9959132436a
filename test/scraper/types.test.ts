import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineScraper } from '../../functions/scraper/define-scraper.ts';
import type { ItemOf } from '../../functions/scraper/definition.ts';
import type { Politeness, Scraper } from '../../functions/scraper/types.ts';
import type { Json } from '../../functions/job/request.ts';

const books = defineScraper({
  name: 'books',
  pages: {
    list: {
      *parse({ $, follow }) {
        for (const a of $('h3 a')) yield follow(a, 'detail');
        yield follow.all('a.next', 'list');
        yield { count: $('h3').length };
      },
    },
    detail: {
      extract: {
        title: { selector: 'h1', required: true },
        subtitle: 'h2',
        price: { selector: '.price', as: 'number' },
        sku: { selector: '.sku', as: 'number', required: true },
        meta: { selector: 'script', as: 'json' },
        tags: ['.tag'],
        sizes: [{ selector: '.size', as: 'number' }],
        images: [{ selector: 'img', value: 'src', limit: 3 }],
        reviews: { selector: '.review', count: true },
        seller: { selector: '.seller', value: { name: 'b', url: { selector: 'a', as: 'url', attr: 'href' } } },
        offers: [{ selector: '.offer', value: { price: { selector: 'b', as: 'number', required: true } } }],
        nested: { deeper: 'i' },
        words: { selector: 'p', as: (text) => text.split(' ') },
        links: ({ $ }) => $('a').length,
      },
    },
    checked: { extract: { title: 'h1' }, schema: z.object({ title: z.string().transform((title) => title.length) }) },
    api: {
      async *parse({ json }) {
        await Promise.resolve();
        yield json<{ id: string }>();
      },
    },
  },
});

test('items have the types that their maps, schemas and generators give them', () => {
  expectTypeOf<ItemOf<typeof books, 'detail'>>().toEqualTypeOf<{
    title: string;
    subtitle: string | undefined;
    price: number | undefined;
    sku: number;
    meta: Json | undefined;
    tags: string[];
    sizes: number[];
    images: string[];
    reviews: number;
    seller: { name: string | undefined; url: string | undefined } | undefined;
    offers: { price: number }[];
    nested: { deeper: string | undefined };
    words: string[] | undefined;
    links: number;
  }>();
  expectTypeOf<ItemOf<typeof books, 'checked'>>().toEqualTypeOf<{ title: number }>();
  expectTypeOf<ItemOf<typeof books, 'list'>>().toEqualTypeOf<{ count: number }>();
  expectTypeOf<ItemOf<typeof books, 'api'>>().toEqualTypeOf<{ id: string }>();
});

test('a defined scraper is a scraper, and options are what their table says', () => {
  expectTypeOf(books).toExtend<Scraper>();
  expectTypeOf<Politeness>().toEqualTypeOf<{
    readonly concurrency: number;
    readonly delay: number;
    readonly robots: 'obey' | 'ignore';
    readonly groupBy: 'host' | 'site';
  }>();
});

/** Never called: what stands here must not compile without its directive. */
export function wrong(): void {
  defineScraper({
    name: 'wrong',
    pages: {
      list: {
        *parse({ follow, extract }) {
          // @ts-expect-error -- no such page type
          yield follow('/a', 'detial');
          // @ts-expect-error -- no such page type
          yield follow.all('a', 'detial');
          // @ts-expect-error -- a number is no address
          yield follow(5);
          const { title } = extract({ title: 'h1' });
          // @ts-expect-error -- a field may be empty
          title.trim();
        },
      },
      // @ts-expect-error -- no such page type
      next: { follow: { a: 'detial' } },
    },
  });
  defineScraper({
    name: 'wrong',
    // @ts-expect-error -- no such option
    politeness: { concurency: 1 },
    pages: { list: { extract: { title: 'h1' } } },
  });
  defineScraper({
    name: 'wrong',
    // @ts-expect-error -- no such choice
    politeness: { robots: 'never' },
    pages: { list: { extract: { title: 'h1' } } },
  });
  defineScraper({
    name: 'wrong',
    // @ts-expect-error -- no such conversion
    pages: { list: { extract: { price: { selector: 'b', as: 'numbr' } } } },
  });
  // @ts-expect-error -- no pages
  defineScraper({ name: 'wrong' });
}
