import type { CheerioAPI } from 'cheerio/slim';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildTree } from '../../../functions/scraper/page-tree.ts';
import type { FieldMap } from '../../../functions/scraper/extract-types.ts';
import { byScan, byTree, compileScan, PAGE_URL } from './both-ways.ts';
import { selector } from './generated-maps.ts';
import { anyPage } from './generated-pages.ts';
import { LIMITS } from './tree-of-scan.ts';

type CheerioMap = Parameters<CheerioAPI['extract']>[0];

/** A field as both understand it: cheerio's text is as it stands, so no field is without a property or a map. */
interface Shared {
  readonly selector: string;
  readonly value: string | SharedMap;
}
interface SharedMap {
  readonly [name: string]: Shared | readonly [Shared];
}

const property = fc.constantFrom('textContent', 'textContent', 'innerText', 'tagName', 'class', 'id', 'title');
const sharedMap: fc.Arbitrary<SharedMap> = fc.letrec<{ map: SharedMap; field: Shared }>((tie) => ({
  map: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(tie('field'), fc.tuple(tie('field'))), {
    minKeys: 1,
    maxKeys: 3,
    noNullPrototype: true,
  }),
  field: fc.oneof(
    { maxDepth: 2 },
    fc.record({ selector, value: property }) as fc.Arbitrary<Shared>,
    fc.record({ selector: fc.constantFrom('div', 'p', 'ul', 'li', '.a', 'body'), value: tie('map') }) as fc.Arbitrary<Shared>,
  ),
})).map;

test('a map gives what cheerio’s own extract makes of it, by a scan and by a tree', () => {
  const seen = { scanned: 0, values: 0 };
  fc.assert(
    fc.property(anyPage, sharedMap, (page, map) => {
      // cheerio knows no `:scope` by itself: it looks for it among the descendants.
      fc.pre(!/:scope/.test(JSON.stringify(map)));
      const body = Buffer.from(page);
      const $ = buildTree(new TextDecoder().decode(body), { ...LIMITS, parser: 'htmlparser2', xml: false, baseUrl: PAGE_URL });
      const expected = { items: [$.extract(map as unknown as CheerioMap)], follows: [] };
      const extract = map as unknown as FieldMap;
      expect(byTree({ extract }, body)).toEqual(expected);
      const scan = compileScan({ extract });
      const scanned = scan && byScan(scan, body);
      if (!scanned) return;
      seen.scanned++;
      seen.values += JSON.stringify(scanned).split(':').length;
      expect(scanned).toEqual(expected);
    }),
    { numRuns: 1_200 },
  );
  // The comparison means something only where most maps are scanned and find something.
  expect(seen.scanned).toBeGreaterThan(600);
  expect(seen.values).toBeGreaterThan(3_000);
});
