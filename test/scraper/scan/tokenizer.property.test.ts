import { load } from 'cheerio/slim';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PageChars } from '../../../functions/scraper/scan/page-chars.ts';
import { buildScannedTree } from '../../../functions/scraper/scan/scanned-tree.ts';
import { byteSoup, damagedPage } from './generated-bytes.ts';
import { standardTree } from './standard-tree.ts';
import { LIMITS, treeOfCheerio, treeOfScan, writtenTree } from './tree-of-scan.ts';

test.each([
  ['in no order', byteSoup],
  ['of damaged pages', damagedPage],
])('from bytes %s, tags, attributes, texts and comments are those of the Standard’s tokenizer', (_, pages) => {
  fc.assert(
    fc.property(pages, (bytes) => {
      const text = new TextDecoder().decode(bytes);
      const expected = standardTree(text, LIMITS);
      const tree = buildScannedTree(text, LIMITS) ?? expected;
      expect(oneEnd(writtenTree(tree))).toBe(oneEnd(writtenTree(expected)));
      const scanned = treeOfScan(PageChars.ofUtf8(bytes));
      fc.pre(scanned !== undefined);
      expect(oneEnd(JSON.stringify(scanned.tree))).toBe(oneEnd(JSON.stringify(treeOfCheerio(load(expected)))));
      expect(scanned.readTo).toBe(bytes.length);
    }),
    // What is left to the tree is compared with nothing: pages with html tags in their middle, which are few.
    { numRuns: 1_500, maxSkipsPerRun: 0.1 },
  );
});

/** The Standard makes CR and CRLF one LF before it looks at anything; the scan leaves them. */
function oneEnd(written: string): string {
  return written.replaceAll(/(?:\\r|\\n)+/g, String.raw`\n`);
}
