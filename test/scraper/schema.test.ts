import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineScraper } from '../../functions/scraper/define-scraper.ts';
import { errorOf, run } from './run.ts';

const books = defineScraper({
  name: 'books',
  pages: {
    detail: {
      extract: {
        title: 'h1',
        price: { selector: '.price', as: 'number' },
        seller: { selector: '.seller', value: { name: 'b' } },
        tags: ['.tag'],
      },
      schema: z.object({
        title: z.string(),
        price: z
          .number()
          .positive()
          .transform((pounds) => Math.round(pounds * 100)),
        seller: z.object({ name: z.string() }),
        tags: z.array(z.string().max(5)),
      }),
    },
  },
});

test('what the schema gives out is the item', async () => {
  const { items } = await run(books, '<h1>Lamp</h1><i class="price">£3.20</i><p class="seller"><b>Ann</b></p><i class="tag">brass</i>');
  expect(items).toEqual([{ title: 'Lamp', price: 320, seller: { name: 'Ann' }, tags: ['brass'] }]);
});

test('an item that fails is named by field and selector', async () => {
  const error = await errorOf(
    run(books, '<h1>Lamp</h1><i class="price">£0</i><p class="seller"><i>Ann</i></p><i class="tag">much too long</i>'),
  );
  expect(error.code).toBe('invalid-item');
  expect(error.message).toMatch(/^The item fails its schema: price \(selector "\.price"\): /);
  expect(error.message).toContain('seller.name (selector "b"): ');
  expect(error.message).toContain('tags.0 (selector ".tag"): ');
});

test('a schema may take its time', async () => {
  const scraper = defineScraper({
    name: 'test',
    pages: {
      page: {
        *parse() {
          yield* [{ n: 1 }, { n: 2 }];
        },
        schema: z.object({ n: z.number() }).refine(async ({ n }) => Promise.resolve(n < 2), 'too large'),
      },
    },
  });
  expect(await errorOf(run(scraper, ''))).toMatchObject({
    code: 'invalid-item',
    message: 'The item fails its schema: the item: too large.',
  });
});

test('a schema that fails later leaves nothing unhandled when the page fails first', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  const scraper = defineScraper({
    name: 'test',
    pages: {
      page: {
        *parse() {
          yield { n: 1 };
          throw new Error('first');
        },
        schema: z.object({ n: z.number() }).refine(async () => Promise.resolve(false), 'later'),
      },
    },
  });
  expect((await errorOf(run(scraper, ''))).message).toContain('Error: first');
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

test('a schema sees values as the page type gave them, before JSON', async () => {
  const scraper = defineScraper({
    name: 'test',
    pages: {
      page: {
        *parse() {
          yield { at: new Date(0) };
        },
        schema: z.object({ at: z.date() }),
      },
    },
  });
  expect((await run(scraper, '')).items).toEqual([{ at: '1970-01-01T00:00:00.000Z' }]);
});
