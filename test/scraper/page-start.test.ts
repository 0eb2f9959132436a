import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PageDefinition } from '../../functions/scraper/definition.ts';
import { buildScraper } from '../../functions/scraper/define-scraper.ts';
import { byScan, compileScan } from './scan/both-ways.ts';
import { forwardSelector } from './scan/generated-maps.ts';
import { anyPage, soundPage } from './scan/generated-pages.ts';
import { LIMITS } from './scan/tree-of-scan.ts';

const START = { body: Buffer.from('<title>T</title><base href=/b/><h1 id=a>H</h1><h2>1</h2><h2>2</h2><p>'), charset: 'UTF-8' };

/** What a scraper says of the beginning of a page; undefined where it wants pages whole. */
function isEnough(page: unknown, more: object = {}): boolean | undefined {
  const scraper = buildScraper({ name: 'test', ...more, pages: { page } }, undefined);
  return scraper.enough({ url: 'https://a.example/' })?.(START);
}

test.each<[string, PageDefinition<string>, boolean]>([
  ['fields of one value', { extract: { title: 'title', id: { selector: 'h1', attr: 'id' } } }, true],
  ['lists that are full', { extract: { some: [{ selector: 'h2', limit: 2 }] } }, true],
  ['an address, with what it is relative to', { extract: { link: { selector: 'h1', attr: 'id', as: 'url' } } }, true],
  ['a field that is not there yet', { extract: { title: 'title', late: '.late' } }, false],
  ['an element that has not ended', { extract: { p: 'p' } }, false],
  ['a list that is not full', { extract: { some: [{ selector: 'h2', limit: 3 }] } }, false],
])('the beginning of a page may be enough for %s', (_, page, expected) => {
  expect(isEnough(page)).toBe(expected);
});

test.each<[string, unknown, object]>([
  ['a parse function', { parse: () => [] }, {}],
  ['a list', { extract: { title: 'title', all: ['h2'] } }, {}],
  ['a count', { extract: { n: { selector: 'h2', count: true } } }, {}],
  ['links to follow', { extract: { title: 'title' }, follow: { a: 'page' } }, {}],
  ['items of which there may be many', { extract: { title: ':scope' }, each: 'h2' }, {}],
  ['a pattern that any match may fit', { extract: { n: { selector: 'h2', match: /\d/ } } }, {}],
  ['a function, which may ask for the tree', { extract: { n: { selector: 'h1', as: (text: string) => text } } }, {}],
  ['a selector that looks back', { extract: { n: 'h2:last-child' } }, {}],
  ['the tree of browsers', { extract: { title: 'title' } }, { parser: 'html5' }],
])('pages are wanted whole for %s', (_, page, more) => {
  expect(isEnough(page, more)).toBeUndefined();
});

/** Maps of fields of one value, which the beginning of a page may have. */
const map = fc.dictionary(
  fc.constantFrom('a', 'b', 'c'),
  fc.record({
    selector: fc.oneof(forwardSelector, fc.constantFrom('div', 'p', 'ul li', 'b', 'title')),
    value: fc.constantFrom('textContent', 'class'),
  }),
  { minKeys: 1, maxKeys: 2, noNullPrototype: true },
);

test('where the beginning of a page is enough, it gives what the whole page gives', () => {
  let enough = 0;
  fc.assert(
    fc.property(fc.oneof(soundPage, anyPage), map, fc.integer({ min: 5, max: 60 }), (page, extract, step) => {
      const scan = compileScan({ extract });
      if (!scan?.canEndEarly) return;
      const body = Buffer.from(page);
      const whole = byScan(scan, body);
      for (let length = step; length < body.length; length += step) {
        const start = body.subarray(0, length);
        if (!scan.read({ body: start, charset: 'UTF-8', text: () => start.toString() }, LIMITS)?.endedEarly) continue;
        enough++;
        expect(byScan(scan, start)).toStrictEqual(whole);
      }
    }),
    { numRuns: 150 },
  );
  expect(enough).toBeGreaterThan(200);
});
