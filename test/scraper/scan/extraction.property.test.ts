import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byScan, byTree, compileScan } from './both-ways.ts';
import { fieldMap, forwardSelector, lateSelector, selector } from './generated-maps.ts';
import { anyPage, soundPage } from './generated-pages.ts';

describe('what a page type gives by a scan is what it gives by a tree', () => {
  test.each([
    ['on pages broken in every way', anyPage],
    ['on sound pages', soundPage],
  ])('%s', (_, pages) => {
    const seen = { compiled: 0, decided: 0, values: 0, errors: 0 };
    const maybe = fc.option(selector, { freq: 4, nil: undefined });
    fc.assert(
      fc.property(pages, fieldMap, maybe, maybe, (page, extract, each, follow) => {
        const declared = { extract, ...(each !== undefined && { each }), ...(follow !== undefined && { follow: { [follow]: 'page' } }) };
        const scan = compileScan(declared);
        if (!scan) return;
        seen.compiled++;
        const body = Buffer.from(page);
        const scanned = byScan(scan, body);
        if (!scanned) return;
        seen.decided++;
        const built = byTree(declared, body);
        if ('items' in built) seen.values += values(built.items);
        else seen.errors++;
        expect(scanned).toStrictEqual(built);
      }),
      { numRuns: 3_000 },
    );
    // The comparison means something only where most maps compile and find something.
    expect(seen.compiled).toBeGreaterThan(1_500);
    expect(seen.decided / seen.compiled).toBeGreaterThan(0.9);
    expect(seen.values).toBeGreaterThan(200);
    expect(seen.errors).toBeGreaterThan(20);
  });

  test('with one selector for a list, alone and inside of elements', () => {
    let found = 0;
    fc.assert(
      fc.property(soundPage, forwardSelector, fc.constantFrom('div', 'p', 'html', 'ul', 'body'), (page, wanted, outer) => {
        for (const extract of [
          { a: [{ selector: wanted, value: 'textContent' }] },
          { a: [{ selector: outer, value: { b: [wanted], c: wanted } }] },
        ]) {
          const scan = compileScan({ extract });
          const body = Buffer.from(page);
          const scanned = scan && byScan(scan, body);
          if (!scanned) continue;
          const built = byTree({ extract }, body);
          found += 'items' in built ? values(built.items) : 0;
          expect(scanned).toStrictEqual(built);
        }
      }),
      { numRuns: 4_000 },
    );
    expect(found).toBeGreaterThan(5_000);
  });

  test('within any limits', () => {
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(anyPage, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 60 }), (page, maxNesting, maxNodes) => {
        const declared = { extract: { all: [{ selector: '*', value: 'tagName' }], text: 'body' } };
        const limits = { maxNesting, maxNodes };
        const scan = compileScan(declared);
        const scanned = scan && byScan(scan, Buffer.from(page), limits);
        if (!scanned) return;
        outcomes.add('code' in scanned ? scanned.message : 'items');
        expect(scanned).toStrictEqual(byTree(declared, Buffer.from(page), limits));
      }),
      { numRuns: 1_500 },
    );
    expect(outcomes.size).toBeGreaterThan(10);
  });
});

test('a selector that needs what is behind an element leaves its page type to the tree', () => {
  fc.assert(
    fc.property(lateSelector, (late) => {
      const needs = [
        { a: late },
        { a: [late] },
        { a: { selector: late, attr: 'id' } },
        { a: { b: { c: late } } },
        { a: { selector: 'p', value: { b: late } } },
      ];
      for (const extract of needs) expect(compileScan({ extract })).toBeUndefined();
      expect(compileScan({ extract: { a: 'p' }, each: late })).toBeUndefined();
      expect(compileScan({ follow: { [late]: 'page' } })).toBeUndefined();
    }),
    { numRuns: 200 },
  );
});

/** How many values there are in items, at any depth. */
function values(value: unknown): number {
  if (value === undefined || value === null) return 0;
  return typeof value === 'object' ? Object.values(value).reduce((sum: number, inner) => sum + values(inner), 0) : 1;
}
