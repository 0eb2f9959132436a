import { load } from 'cheerio/slim';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildTree, type AnyNode, type TreeOptions } from '../../functions/scraper/page-tree.ts';
import { selectorOf } from '../../functions/scraper/selector.ts';

const limits: TreeOptions = { parser: 'htmlparser2', xml: false, baseUrl: 'https://a.example/', maxNesting: 1_000, maxNodes: 100_000 };

const names = fc.constantFrom('div', 'p', 'b', 'ul', 'li');
const attributes = fc.constantFrom('', ' class="x"', ' class="x y"', ' id="i"', ' data-k="v"');
const page = fc
  .array(
    fc.oneof(
      fc.tuple(names, attributes).map(([name, more]) => `<${name}${more}>`),
      names.map((name) => `</${name}>`),
      fc.constantFrom('t', ' ', '<!--c-->'),
    ),
    {
      maxLength: 60,
    },
  )
  .map((parts) => parts.join(''));

/** Every form: simple ones and groups, combinators, pseudo-classes, what speaks of its scope, jQuery's own. */
const selectors = fc.constantFrom(
  'div',
  '.x',
  '#i',
  '[data-k]',
  '[data-k="v"].x',
  '*',
  'p, .x',
  'div p',
  'ul > li',
  'p + b',
  'p ~ b',
  'li:first-child',
  'li:nth-child(2n)',
  'div:has(b)',
  'div:has(> b)',
  ':not(.x)',
  'p:contains("t")',
  ':is(p, b)',
  ':empty',
  '> p',
  ':scope > p',
  ':scope',
  'p:first',
  'li:eq(1)',
  'p:last b',
  'div:not(:first)',
  'html',
  ':root',
);

test('a compiled selector finds what cheerio finds, in the document and below any element', () => {
  fc.assert(
    fc.property(page, selectors, fc.nat(), (body, selector, at) => {
      const $ = buildTree(body, limits);
      const cheerio = load($.root()[0] as AnyNode);
      const elements = $('*').toArray();
      for (const scope of [$.root(), ...(elements.length > 0 ? [$(elements[at % elements.length])] : [])]) {
        const expected = cheerio(scope.toArray()).find(selector).toArray();
        expect(scope.find(selector).toArray()).toEqual(expected);
        expect(selectorOf(selector).all(scope)).toEqual(expected);
        expect(selectorOf(selector).first(scope)).toBe(expected[0]);
      }
    }),
    { numRuns: 500 },
  );
});

test.each(['b:is(div b)', 'b:not(div b)', 'b:not(:is(div b, i))'])(
  'what is inside of %s is looked for below the element that is searched',
  (selector) => {
    const $ = buildTree('<div><p><b>1</b></p></div><p><b>2</b></p>', limits);
    const cheerio = load($.root()[0] as AnyNode);
    for (const p of $('p').toArray()) expect(selectorOf(selector).all($(p))).toEqual(cheerio(p).find(selector).toArray());
  },
);

test('names are found in their own case in XML, in any case in HTML', () => {
  const markup = '<Item/><item/>';
  expect(selectorOf('Item').all(buildTree(markup, { ...limits, xml: true }).root())).toHaveLength(1);
  expect(selectorOf('Item').all(buildTree(markup, limits).root())).toHaveLength(2);
});

test('what $ finds follows changes of the tree, and knows where it comes from', () => {
  const $ = buildTree('<div><p class="x">a</p></div><p>b</p>', limits);
  expect($('.k p').length).toBe(0);
  $('p').addClass('y');
  $('div').addClass('k');
  expect($('.k p').length).toBe(1);
  $('div').append('<p class="y">c</p>');
  expect($('.y').text()).toBe('acb');
  expect($('.k p').length).toBe(2);
  expect($('div').find('p').end()[0]).toBe($('div')[0]);
  expect($('p', 'div').length).toBe(2);
  expect($('div').find('').length).toBe(0);
  expect(() => $('p[')).toThrow('Expected name');
});

test('a compiled selector finds what is there now, whatever it found before the tree was changed', () => {
  const $ = buildTree('<div><p>a</p></div>', limits);
  const found = (selector: string): number => selectorOf(selector).all($.root()).length;
  expect([found('.k p'), found('p:contains("more")')]).toEqual([0, 0]);
  $('div').addClass('k');
  $('p').text('more');
  expect([found('.k p'), found('p:contains("more")')]).toEqual([1, 1]);
});
