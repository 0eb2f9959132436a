import { describe, expect, test } from 'vitest';
import { RequestError } from '../../functions/job/errors.ts';
import { buildScraper } from '../../functions/scraper/define-scraper.ts';
import page from '../../functions/scrapers/page.ts';
import { errorOf, run } from './run.ts';

const deep = (depth: number, text = 'x') => `${'<div>'.repeat(depth)}${text}`;

describe('a page that would exhaust memory or stack is too-complex', () => {
  test.each([
    ['100,000 elements inside each other', deep(100_000), 'nests more than 1000 elements'],
    ['a million siblings', '<br>'.repeat(1_000_000), 'holds more than 500000 nodes'],
    ['a million comments', '<!---->'.repeat(700_000), 'holds more than 500000 nodes'],
    [
      'one element with a million attributes',
      `<a ${Array.from({ length: 600_000 }, (_, i) => `a${i.toString(36)}`).join(' ')}>`,
      'holds more than 500000 nodes',
    ],
    ['the same attribute a million times', `<a ${'b '.repeat(1_000_000)}>`, 'holds more than 500000 nodes'],
    ['unclosed formatting', '<b><i><font>'.repeat(10_000), 'nests more than 1000 elements'],
  ])('%s', async (_, body, message) => {
    const error = await errorOf(run(page, body));
    expect(error.code).toBe('too-complex');
    expect(error.message).toContain(message);
  });

  test('the deepest page that is allowed can be read, searched and written', async () => {
    const scraper = buildScraper(
      {
        name: 'test',
        pages: {
          page: {
            extract: {
              text: 'div',
              raw: { selector: 'div', value: 'textContent' },
              html: { selector: 'div', value: 'innerHTML' },
              innermost: 'div:not(:has(div))',
              contains: 'div:contains(x)',
              copy: ({ $ }: { $: (selector: string) => { clone: () => { length: number } } }) => $('div').clone().length,
            },
          },
        },
      },
      undefined,
    );
    const { items } = await run(scraper, deep(999));
    expect(items[0]).toMatchObject({ text: 'x', raw: 'x', innermost: 'x', contains: 'x', copy: 999 });
    expect((await run(page, deep(999))).items[0]).toMatchObject({ text: 'x', words: 1 });
  });

  test('lists over nested elements do not repeat the page a thousandfold', async () => {
    const scraper = buildScraper({ name: 'test', pages: { page: { extract: { all: ['div'] } } } }, undefined);
    const error = await errorOf(run(scraper, deep(999, 'word '.repeat(100_000))));
    expect(error).toMatchObject({ code: 'too-complex', message: expect.stringContaining('characters to its fields') as string });
  });

  test('lists inside of lists do not multiply without end', async () => {
    const inner = { selector: 'div', value: { again: [{ selector: 'div', attr: 'id' }] } };
    const scraper = buildScraper(
      { name: 'test', pages: { page: { extract: { all: [{ selector: 'div', value: { deeper: [inner] } }] } } } },
      undefined,
    );
    const error = await errorOf(run(scraper, '<div id=a>'.repeat(900)));
    expect(error.code).toMatch(/^(too-complex|parse)$/);
  });

  test('the limits are the scraper’s to set', async () => {
    const scraper = buildScraper(
      // A list: a page is judged as far as it is read, and one value is found before the limit.
      { name: 'test', limits: { maxNodes: 100, maxNesting: 10 }, pages: { page: { extract: { t: ['p'] } } } },
      undefined,
    );
    expect((await errorOf(run(scraper, '<p>a'.repeat(51)))).message).toBe('The page holds more than 100 nodes (limits.maxNodes).');
    expect((await errorOf(run(scraper, deep(10)))).message).toBe('The page nests more than 10 elements (limits.maxNesting).');
    expect((await run(scraper, deep(9))).items).toEqual([{ t: [] }]);
  });
});

test.each([
  ['no markup', 'plain text'],
  ['nothing', ''],
  ['NUL and other controls', '\0\u0001<p>\0</p>'],
  ['half a tag', '<p>text<a href="'],
  ['a lone surrogate', '<p title="\ud800">\udc00</p>'],
  ['names of the prototype', '<__proto__ __proto__="a" constructor="b">x</__proto__><a href="/__proto__" rel="constructor">'],
  ['a million closing tags', '</p></x>'.repeat(20_000)],
  ['endless entities', '&amp;&#x41;&nbsp;'.repeat(50_000)],
])('page reads %s', async (_, body) => {
  const outcome = await run(page, body).catch((error: unknown) => error);
  expect(outcome instanceof RequestError ? outcome.code : outcome).not.toBeInstanceOf(Error);
});
