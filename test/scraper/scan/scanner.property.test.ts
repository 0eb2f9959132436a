import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RequestError } from '../../../functions/job/errors.ts';
import { PageChars } from '../../../functions/scraper/scan/page-chars.ts';
import { anyPage, soup } from './generated-pages.ts';
import { parsedTree, treeOfCheerio, treeOfScan } from './tree-of-scan.ts';

/** Any but CR, which parse5 makes an end of line: tokenizer.property.test.ts has it. */
const oddByte = fc.nat(255).filter((byte) => byte !== 0x0d);

describe.each([
  ['pages broken in every way', anyPage],
  ['a soup of signs', soup],
])('%s', (_, pages) => {
  test('a scan tells the elements and texts of the tree', () => {
    fc.assert(
      fc.property(pages, (page) => {
        const scanned = treeOfScan(PageChars.ofText(page));
        fc.pre(scanned !== undefined);
        expect(scanned.tree).toEqual(treeOfCheerio(parsedTree(page)));
        expect(scanned.readTo).toBe(page.length);
      }),
      // Few pages need the tree: those with html tags in their middle.
      { numRuns: 1_500, maxSkipsPerRun: 0.1 },
    );
  });

  test('the bytes of a page in UTF-8 are read as its text', () => {
    fc.assert(
      fc.property(pages, fc.array(oddByte, { maxLength: 3 }), fc.nat(), (page, odd, place) => {
        // Bytes that are no UTF-8 may stand anywhere.
        const sound = Buffer.from(page);
        const at = place % (sound.length + 1);
        const bytes = Buffer.concat([sound.subarray(0, at), Buffer.from(odd), sound.subarray(at)]);
        const scanned = treeOfScan(PageChars.ofUtf8(bytes));
        fc.pre(scanned !== undefined);
        expect(scanned.tree).toEqual(treeOfCheerio(parsedTree(new TextDecoder().decode(bytes))));
      }),
      { numRuns: 1_000 },
    );
  });

  test('nodes and nesting are counted as the tree counts them', () => {
    fc.assert(
      fc.property(pages, fc.nat(12), fc.nat(3), (page, maxNesting, fewer) => {
        const nodes = treeOfScan(PageChars.ofText(page))?.nodes;
        fc.pre(nodes !== undefined);
        const limits = { maxNesting, maxNodes: Math.max(0, nodes - fewer) };
        expect(fault(() => treeOfScan(PageChars.ofText(page), limits))).toBe(fault(() => parsedTree(page, limits)));
      }),
      { numRuns: 2_000 },
    );
  });
});

function fault(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof RequestError) return error.message;
    throw error;
  }
}
