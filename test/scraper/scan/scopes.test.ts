import { expect, test } from 'vitest';
import { byScan, byTree, compileScan } from './both-ways.ts';

const PAGE = Buffer.from(`<html class=x><body class=x><h2>0</h2><div class="x y"><h2>1</h2><ul class=a>
  <li class=a>2<li>3 <b>4</b><ul><li class=a>5<li>6</ul><li class=b>7</ul><p>8</p><ul><li>9</ul></div>`);

/** Selectors inside of an element: some reach out of it, some do not, as cheerio has it. */
const SELECTORS = [
  'li',
  'ul li',
  'ul > li',
  '.x li',
  '.x > ul > li',
  'body li',
  'html li',
  'div ul li b',
  ':scope',
  ':scope li',
  ':scope > li',
  ':scope ul',
  '> li',
  '> li > b',
  ':scope > li, b',
  'b, :scope > li',
  ':scope ul, ul',
  'li:first-child',
  'li:nth-child(n)',
  'li:nth-of-type(2)',
  'li + li',
  'li ~ li.b',
  'h2 + ul li',
  'h2 ~ p',
  ':root li',
  ':root',
  'li:is(.x li)',
  'li:not(.x li)',
  'li:not(ul ul li)',
  'li:is(ul > li.a)',
  'ul li:not(.x li)',
  'ul li:is(.x li)',
  ':scope li:not(.x li)',
  ':scope > li:is(div li)',
  '*',
  '*:not(li *)',
];
const OUTER = ['ul', 'li', 'div', 'body', 'html', 'ul ul', '.a'];

test.each(OUTER)('in %s, selectors find what they find in the tree', (outer) => {
  const maps = SELECTORS.map((selector) => ({
    selector,
    extract: {
      each: [
        { selector: outer, value: { all: [{ selector, value: 'textContent' }], first: selector, tag: { selector, value: 'tagName' } } },
      ],
    } as const,
  }));
  const outcomes = maps.map(({ selector, extract }) => {
    const scan = compileScan({ extract });
    return { selector, scanned: scan && byScan(scan, PAGE), fromTree: byTree({ extract }, PAGE) };
  });
  const decided = outcomes.filter(({ scanned }) => scanned !== undefined);
  expect(decided.map(({ scanned }) => scanned)).toStrictEqual(decided.map(({ fromTree }) => fromTree));
  // Paths in brackets reach out of an element in some selectors and not in others.
  const undecided = outcomes.filter(({ scanned }) => scanned === undefined).map(({ selector }) => selector);
  expect(undecided).toEqual(['li:is(.x li)', 'li:not(.x li)', 'li:not(ul ul li)', 'li:is(ul > li.a)', '*:not(li *)']);
});

test.each(OUTER)('as items for each %s too', (each) => {
  const extract = Object.fromEntries(SELECTORS.map((selector, i) => [`f${i}`, [{ selector, value: 'textContent' }]]));
  for (const [name, field] of Object.entries(extract)) {
    const declared = { each, extract: { [name]: field } };
    const scan = compileScan(declared);
    expect(scan ? byScan(scan, PAGE) : byTree(declared, PAGE)).toStrictEqual(byTree(declared, PAGE));
  }
});
