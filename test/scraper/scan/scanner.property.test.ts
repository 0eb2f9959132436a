import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PageChars } from '../../../functions/scraper/scan/page-chars.ts';
import { buildTree } from '../../../functions/scraper/page-tree.ts';
import { anyPage } from './generated-pages.ts';
import { LIMITS, treeOfCheerio, treeOfScan } from './tree-of-scan.ts';

const OPTIONS = { ...LIMITS, parser: 'htmlparser2', xml: false, baseUrl: 'https://a.example/' } as const;

test('a scan tells the elements and texts of the tree', () => {
  let decided = 0;
  fc.assert(
    fc.property(anyPage, (page) => {
      const scanned = treeOfScan(PageChars.ofText(page));
      if (!scanned) return;
      decided++;
      expect(scanned.tree).toEqual(treeOfCheerio(buildTree(page, OPTIONS)));
    }),
    { numRuns: 3_000 },
  );
  expect(decided).toBeGreaterThan(2_000);
});
