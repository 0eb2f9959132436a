import { expect, test } from 'vitest';
import type { FieldMap } from '../../../functions/scraper/extract-types.ts';
import { byScan, byTree, compileScan } from './both-ways.ts';

const nested = '<div>'.repeat(900);
const many = (count: number, part: (i: string) => string): string => Array.from({ length: count }, (_, i) => part(i.toString(36))).join('');
const fields = { first: 'p', all: ['p'], classes: ['.x'], attribute: ['[data-z]'] };

/** Pages made to cost time or memory, each as much as a tree of them would still be built from. */
test.each<[string, FieldMap, string]>([
  ['end tags of nothing', fields, `<p>${'</x>'.repeat(100_000)}${'</div>'.repeat(100_000)}`],
  ['one element with 400,000 attributes', fields, `<a ${'b '.repeat(400_000)}>`],
  ['100,000 titles', fields, '<title>x</title>'.repeat(100_000)],
  ['a title without an end', fields, `<title>${'</titl &amp; '.repeat(100_000)}`],
  ['nothing but signs that begin tags', fields, '<'.repeat(1_000_000)],
  ['nothing but signs that begin references', fields, `<p>${'&'.repeat(1_000_000)}`],
  ['names that nobody knows', fields, many(100_000, (i) => `<y${i}></y${i}>`)],
  ['a comment that seems to end everywhere', fields, `<!--${'--!'.repeat(300_000)}`],
  ['sections that seem to begin everywhere', fields, `<svg>${'<![CDATA['.repeat(50_000)}`],
  ['a quote without an end', fields, `<p>${'<a href="'.repeat(50_000)}`],
  ['blanks and comments beside the html element', fields, ' <!---->'.repeat(100_000)],
  ['more values than a page may give', { a: ['b'], b: ['b'], c: ['b'] }, '<b></b>'.repeat(350_000)],
  ['the deepest page with a path', { deep: ['div div > div ~ p, div:not(p div) + p'] }, `${nested}<p>${'<b>x</b>'.repeat(1_000)}`],
])('%s gives what the tree gives', (_, extract, page) => {
  const scan = compileScan({ extract });
  expect(scan && byScan(scan, Buffer.from(page))).toStrictEqual(byTree({ extract }, Buffer.from(page)));
});

test.each<[string, FieldMap, string]>([
  ['texts that repeat the page by their pieces', { all: ['div'] }, nested + '<b>w</b> '.repeat(30_000)],
  ['texts that repeat the page by their length', { all: ['div'] }, nested + 'word '.repeat(10_000)],
  [
    'lists in lists',
    { all: [{ selector: 'div', value: { in: [{ selector: 'div', value: { in: [{ selector: 'div', attr: 'id' }] } }] } }] },
    nested,
  ],
])('%s are left to the tree, which has a clock', (_, extract, page) => {
  const scan = compileScan({ extract });
  expect(scan && byScan(scan, Buffer.from(page))).toBeUndefined();
});
