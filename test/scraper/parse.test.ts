import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { defineScraper } from '../../functions/scraper/define-scraper.ts';
import type { ParseContext } from '../../functions/scraper/definition.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import { errorOf, run } from './run.ts';

type Parse = (context: ParseContext<'page'>) => Iterable<unknown> | AsyncIterable<unknown>;

function scraperOf(parse: Parse, limits: { parseTime?: number; maxItems?: number; maxItemChars?: number } = {}): Scraper {
  return defineScraper({ name: 'test', limits, pages: { page: { parse } } });
}

/** The line of this file that holds a text. */
function lineOf(text: string): number {
  return (
    readFileSync(import.meta.filename, 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(text)) + 1
  );
}

describe('parse', () => {
  test('yields items in order, from a generator of either kind', async () => {
    const sync = scraperOf(function* ({ $ }) {
      for (const li of $('li')) yield { text: $(li).text() };
    });
    const broken = scraperOf(function* ({ $ }) {
      yield { first: $('li').first().text() };
      throw new TypeError('no price here');
    });
    const async = scraperOf(async function* ({ $ }) {
      yield { first: $('li').first().text() };
      await Promise.resolve();
      yield { last: $('li').last().text() };
    });

    expect((await run(sync, '<li>a<li>b')).items).toEqual([{ text: 'a' }, { text: 'b' }]);
    expect((await run(async, '<li>a<li>b')).items).toEqual([{ first: 'a' }, { last: 'b' }]);
    expect((await errorOf(run(broken, '<li>a'))).message).toBe(
      `Page type page of scraper test threw at scraper/parse.test.ts:${lineOf('no price here')}: TypeError: no price here`,
    );
  });

  test('sees the page, its request and its answer', async () => {
    const scraper = scraperOf(function* ({ request, response, body, text, absolute, extract }) {
      yield {
        data: request.data,
        url: response.url,
        status: response.status,
        type: response.contentType,
        bytes: body.length,
        text: text(),
        absolute: absolute('../x#y'),
        extracted: extract({ title: 'b' }),
      };
    });
    const { items } = await run(scraper, '<b>é</b>', { request: { data: { row: 7 } } });
    expect(items).toEqual([
      {
        data: { row: 7 },
        url: 'https://shop.example/list/1',
        status: 200,
        type: 'text/html',
        bytes: 9,
        text: '<b>é</b>',
        absolute: 'https://shop.example/x',
        extracted: { title: 'é' },
      },
    ]);
  });

  test('reads JSON without building a tree', async () => {
    const scraper = scraperOf(function* ({ json, follow }) {
      const answer = json<{ rows: { id: number }[]; next: string }>();
      yield* answer.rows;
      yield follow(answer.next);
    });
    const { items, follows } = await run(scraper, '{"rows":[{"id":1},{"id":2}],"next":"?page=2"}', {
      page: { contentType: 'application/json' },
    });
    expect(items).toEqual([{ id: 1 }, { id: 2 }]);
    expect(follows).toEqual([{ url: 'https://shop.example/list/1?page=2', depth: 1 }]);
  });

  test('notes things in the log', async () => {
    const noted: unknown[] = [];
    const scraper = scraperOf(function* ({ log }) {
      log('no price', { sku: 7 });
      yield* [];
    });
    await run(scraper, '', { context: { log: (message, facts) => noted.push([message, facts]) } });
    expect(noted).toEqual([['no price', { sku: 7 }]]);
  });

  test('writes items as JSON does: dates as text, undefined left out', async () => {
    const scraper = scraperOf(function* () {
      yield { at: new Date(0), none: undefined, list: [undefined, Number.NaN] };
    });
    expect((await run(scraper, '')).items).toEqual([{ at: '1970-01-01T00:00:00.000Z', list: [null, null] }]);
  });

  test('gives items that later changes do not reach', async () => {
    const scraper = scraperOf(function* () {
      const item = { n: 1 };
      yield item;
      item.n = 2;
      yield item;
    });
    expect((await run(scraper, '')).items).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('is all or nothing', async () => {
    const seen: string[] = [];
    const scraper = scraperOf(function* ({ follow }) {
      try {
        yield { n: 1 };
        yield follow('/a');
        throw new Error('half way');
      } finally {
        seen.push('closed');
      }
    });
    expect(await errorOf(run(scraper, ''))).toMatchObject({ code: 'parse', next: 'never' });
    expect(seen).toEqual(['closed']);
  });

  test.each<[string, Parse, string, string]>([
    ['null', () => [null], 'invalid-item', 'yields null (null), which is no item'],
    ['nothing', () => [undefined], 'invalid-item', 'yields undefined'],
    ['a function', () => [() => 1], 'invalid-item', 'yields a function, which is no item'],
    ['a BigInt', () => [{ n: 1n }], 'invalid-item', 'cannot be written as JSON: TypeError'],
    ['a symbol', () => [Symbol('s')], 'invalid-item', 'cannot be written as JSON'],
    ['a circle', () => [circle], 'invalid-item', 'cannot be written as JSON'],
    ['no iterable', () => 5 as never, 'parse', 'Write it as a generator: *parse({ $ }) { yield … }'],
    [
      'a thrown text',
      () => {
        throw 'oops' as unknown;
      },
      'parse',
      '"oops" (string) was thrown',
    ],
    [
      'a rejection',
      async function* () {
        yield await Promise.reject(new Error('later'));
      },
      'parse',
      'Error: later',
    ],
    [
      'an overflow of the stack',
      () => {
        const deep = (): unknown => [deep()];
        return deep() as never;
      },
      'parse',
      'RangeError: Maximum call stack',
    ],
    [
      'broken JSON',
      function* ({ json }) {
        yield json<object>();
      },
      'parse',
      'SyntaxError: ',
    ],
    [
      'a bad header',
      function* ({ follow }) {
        yield follow('/a', 'page', { headers: { 'a b': 'c' } });
      },
      'parse',
      'header that HTTP does not allow: "a b"',
    ],
    [
      'a bad target',
      function* ({ follow }) {
        yield follow(5 as never);
      },
      'parse',
      'follow() takes a URL, an element or a selection, not 5 (number)',
    ],
    [
      'a selector that is none',
      function* ({ $ }) {
        yield $('a[').text();
      },
      'parse',
      'threw at scraper/parse.test.ts:',
    ],
  ])('that gives %s becomes an error line', async (_, parse, code, message) => {
    const error = await errorOf(run(scraperOf(parse), '<p>'));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('\n');
    expect(error.message.length).toBeLessThan(500);
  });

  test('with a page name that the scraper lacks is unknown-page', async () => {
    const error = await errorOf(
      run(
        scraperOf(function* () {}),
        '',
        { request: { page: 'pgae' } },
      ),
    );
    expect(error).toMatchObject({ code: 'unknown-page', message: 'Scraper test has no page type "pgae". Did you mean "page"?' });
  });
});

const circle: unknown[] = [];
circle.push(circle);

describe('a page is bounded', () => {
  const forever = 'was not done with the page in 60 ms (limits.parseTime)';

  test.each<[string, Parse]>([
    [
      'an endless loop',
      () => {
        for (;;);
      },
    ],
    [
      'an endless generator that yields nothing',
      function* () {
        let n = 1;
        while (n > 0) n++;
        yield n;
      },
    ],
    [
      'an endless loop that catches everything',
      () => {
        for (;;) {
          try {
            for (;;);
          } catch {
            /* goes on */
          }
        }
      },
    ],
    ['a runaway regular expression', () => [/^(a+)+$/.test(`${'a'.repeat(50)}b`)]],
    [
      'a promise that never settles',
      async function* () {
        await new Promise(() => undefined);
        yield 1;
      },
    ],
    [
      'an endless loop in an item',
      () => [
        {
          toJSON() {
            for (;;);
          },
        },
      ],
    ],
  ])('in time: %s is interrupted', async (_, parse) => {
    const error = await errorOf(run(scraperOf(parse, { parseTime: 60 }), '<p>'));
    expect(error.code).toBe('parse');
    expect(error.message).toContain(forever);
  });

  test('in time: another page runs soundly after one that was interrupted', async () => {
    await errorOf(
      run(
        scraperOf(
          () => {
            for (;;);
          },
          { parseTime: 20 },
        ),
        '',
      ),
    );
    const scraper = scraperOf(function* ({ $ }) {
      yield $('p').text();
    });
    expect((await run(scraper, '<p>fine')).items).toEqual(['fine']);
  });

  test('in a worker thread as well, and the thread goes on', async () => {
    const worker = new Worker(new URL('endless-worker.ts', import.meta.url));
    const [ends] = (await once(worker, 'message')) as [string[]];
    await worker.terminate();
    const late = 'parse: Page type page of scraper test was not done with the page in 50 ms (limits.parseTime).';
    const long = 'parse: The items of the page are longer than 1000000 characters of JSON (limits.maxItemChars).';
    expect(ends).toEqual([late, late, late, expect.toBeOneOf([long, late]), '1 items']);
  });

  test('in items: an endless generator ends', async () => {
    const error = await errorOf(
      run(
        scraperOf(
          function* () {
            for (;;) yield 1;
          },
          { maxItems: 1_000 },
        ),
        '',
      ),
    );
    expect(error).toMatchObject({ code: 'parse', message: 'The page yields more than 1000 items (limits.maxItems).' });
  });

  test('in characters: a page repeated in every item ends', async () => {
    const scraper = scraperOf(
      function* ({ text }) {
        for (;;) yield text();
      },
      { maxItemChars: 10_000 },
    );
    const error = await errorOf(run(scraper, 'x'.repeat(1_000)));
    expect(error).toMatchObject({ code: 'parse', message: expect.stringContaining('(limits.maxItemChars)') as string });
  });
});
