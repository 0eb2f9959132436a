import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FieldMap } from '../../../functions/scraper/extract-types.ts';
import { byScan, byTree, compileScan } from './both-ways.ts';
import { fieldMap } from './generated-maps.ts';
import { packages, pagesOf } from './real-pages.ts';

/** Of each package: a sample that takes few seconds. A number in the environment compares more (see TESTING.md). */
const PAGES = Number(process.env['URLDROP_TEST_PAGES'] ?? 40);

/** What people take from pages such as these. */
const extract = {
  overview: {
    title: 'title',
    h1: 'h1',
    description: { selector: 'meta[name="description"]', attr: 'content' },
    links: [{ selector: 'a[href]', attr: 'href', as: 'url' }],
    text: 'body',
  },
  structure: {
    outline: [
      {
        selector: 'h1, h2, h3',
        value: { level: { selector: ':scope', value: 'tagName' }, text: ':scope', anchor: { selector: 'a, span', attr: 'id' } },
      },
    ],
    tables: [
      {
        selector: 'table',
        value: {
          rows: [{ selector: 'tr', value: { cells: ['td, th'], first: 'td:first-child', link: { selector: 'a', value: 'href' } } }],
        },
      },
    ],
    code: [{ selector: 'pre, code', as: 'raw' }],
    next: { selector: 'link[rel~=next], a[accesskey=n]', value: 'href' },
  },
  paths: {
    items: ['ul > li > a'],
    terms: [{ selector: 'dl > dt', value: 'textContent' }],
    definitions: ['dt + dd'],
    later: ['h2 ~ p'],
    odd: ['tr:nth-child(odd) td:nth-of-type(2)'],
    notes: ['div:not(.section):not([id]) > p:first-of-type'],
    classes: ['.t-dcl td, .section > p, .refsect1 h2, dl.function > dt, .py.method dt'],
    deep: ['body div div p:is(:first-child, .x) code'],
    scripts: [{ selector: 'script', value: 'innerText' }],
    version: { selector: 'title', match: /\d+(\.\d+)*/ },
    number: { selector: 'h1', as: 'number' },
    image: { selector: 'img', value: 'src' },
  },
} satisfies FieldMap;

const samples = packages.map((name) => {
  const pages = pagesOf(name, PAGES);
  return { what: pages.length === 0 ? `${name}, which is not installed: skipped` : `the package ${name}`, pages };
});

describe.each(samples)('on pages of $what', ({ pages }) => {
  test.runIf(pages.length > 0)('a map gives by a scan what it gives by a tree', () => {
    const scan = compileScan({ extract });
    for (const { path, body } of pages) {
      expect({ path, outcome: scan && byScan(scan, body) }).toStrictEqual({ path, outcome: byTree({ extract }, body) });
    }
  });

  test.runIf(pages.length > 0)('maps at random give by a scan what they give by a tree', () => {
    let compared = 0;
    for (const [i, map] of fc.sample(fieldMap, { numRuns: 2 * PAGES, seed: 1 }).entries()) {
      const { path, body } = pages[(i * 7) % pages.length] ?? { path: '', body: Buffer.alloc(0) };
      const scan = compileScan({ extract: map });
      const outcome = scan && byScan(scan, body);
      if (!outcome) continue;
      compared++;
      expect({ path, map, outcome }).toStrictEqual({ path, map, outcome: byTree({ extract: map }, body) });
    }
    expect(compared).toBeGreaterThan(PAGES);
  });
});
