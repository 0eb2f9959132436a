import { describe, expect, test } from 'vitest';
import type { FieldMap } from '../../../functions/scraper/extract-types.ts';
import { byScan, byTree, compileScan } from './both-ways.ts';
import { LIMITS } from './tree-of-scan.ts';

const HEAD =
  '<!doctype html><html><head><title>T</title><base href="/b/"><meta name="description" content="D"></head><body><h1>H <b>1</b></h1>';
const REST = `<p class="late">${'word '.repeat(1_000)}<a href="x">y</a></p></body></html>`;

const PAGE = HEAD + REST;

/** How far a page is read for a map, which must give what the tree gives. */
function readTo(extract: FieldMap, page = PAGE): number | undefined {
  const scan = compileScan({ extract });
  const body = Buffer.from(page);
  expect(scan && byScan(scan, body)).toStrictEqual(byTree({ extract }, body));
  return scan?.read({ body, charset: 'UTF-8', text: () => page }, LIMITS)?.readTo;
}

describe('a scan ends', () => {
  test('behind the last field that was missing', () => {
    expect(readTo({ title: 'title' })).toBe(HEAD.indexOf('</title>') + '</title>'.length);
    expect(readTo({ title: 'title', h1: 'h1' })).toBe(HEAD.length);
    expect(readTo({ title: 'title', late: '.late' })).toBe(PAGE.indexOf('</body>'));
    expect(readTo({ nested: { description: { selector: 'meta[name=description]', attr: 'content' } } })).toBe(HEAD.indexOf('</head>'));
  });

  test('behind an element with fields of its own', () => {
    expect(readTo({ head: { selector: 'head', value: { title: 'title', none: '.none' } } })).toBe(HEAD.indexOf('<body>'));
  });

  test('behind the last value of lists that have a limit', () => {
    const page = HEAD + '<i class="a">1</i><i>2</i><i class="b">3</i>' + REST;
    expect(readTo({ some: [{ selector: 'i', limit: 2 }] }, page)).toBe(page.indexOf('</i><i class="b">') + '</i>'.length);
    // What gives no value is no part of the list.
    expect(readTo({ some: [{ selector: 'i', attr: 'class', limit: 2 }] }, page)).toBe(page.indexOf('3</i>'));
    const rows = [{ selector: 'i', value: { text: ':scope' }, limit: 1 }] as const;
    expect(readTo({ title: 'title', rows }, page)).toBe(page.indexOf('<i>2'));
  });

  test('behind the base of the page where a field is an address', () => {
    expect(readTo({ icon: { selector: 'head', attr: 'class', as: 'url' } })).toBe(HEAD.indexOf('<meta'));
  });

  test.each<[string, FieldMap]>([
    ['a list', { title: 'title', all: ['i'] }],
    ['a list that is not full', { title: 'title', some: [{ selector: 'b', limit: 2 }] }],
    ['a list of what may be no value', { title: 'title', some: [{ selector: 'h1', as: 'text', match: /H/, limit: 1 }] }],
    ['a count', { title: 'title', links: { selector: 'a[href]', count: true } }],
    ['a field that is not there', { title: 'title', none: '.none' }],
    ['a pattern that any match may fit', { title: { selector: 'title', match: /no/ } }],
    ['a field of the html element, to which a further html tag may add', { language: { selector: 'html', attr: 'lang' } }],
  ])('with the page for %s', (_, extract) => {
    expect(readTo(extract)).toBe(PAGE.length);
  });

  test('before what would be too complex behind it', () => {
    // A tree of this page cannot be built; what is asked of it stands before that.
    const page = HEAD + '<div>'.repeat(2_000);
    const scan = compileScan({ extract: { h1: 'h1' } });
    expect(scan && byScan(scan, Buffer.from(page))).toStrictEqual({ items: [{ h1: 'H 1' }], follows: [] });
    const all = compileScan({ extract: { h1: ['h1'] } });
    expect(all && byScan(all, Buffer.from(page))).toStrictEqual(byTree({ extract: { h1: ['h1'] } }, Buffer.from(page)));
  });
});
