import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readableText } from '../../../functions/scraper/page-text.ts';
import { endBitOf, endedBy, KNOWN_NAMES, NameTable, traitsOf } from '../../../functions/scraper/scan/element-names.ts';
import { Matcher } from '../../../functions/scraper/scan/matcher.ts';
import { PageChars } from '../../../functions/scraper/scan/page-chars.ts';
import { ProgramBuilder } from '../../../functions/scraper/scan/plan.ts';
import { decodeAttribute, decodeText } from '../../../functions/scraper/scan/references.ts';
import { Scanner } from '../../../functions/scraper/scan/scanner.ts';
import type { TextPieces } from '../../../functions/scraper/scan/text-pieces.ts';
import { Undecided } from '../../../functions/scraper/scan/undecided.ts';
import { byScan, byTree, compileScan } from './both-ways.ts';
import { soundPage } from './generated-pages.ts';
import { LIMITS, parsedTree, treeOfCheerio, treeOfScan } from './tree-of-scan.ts';

const names = new NameTable();
const ids = Array.from({ length: KNOWN_NAMES }, (_, id) => id);
const known = ids.map((id) => names.name(id));
/** Names that begin or end differently from others. */
const ruled = ids.filter((id) => traitsOf(id) !== 0 || endBitOf(id) !== 0 || endedBy(id) !== 0).map((id) => names.name(id));

describe('every element that has rules of its own', () => {
  test('is begun and ended where the tree begins and ends it', () => {
    const wrong: string[] = [];
    for (const outer of [...ruled, 'form', 'unknown']) {
      for (const inner of [...ruled, 'form', 'unknown']) {
        const page = `<${outer}>a<${inner}>b</${inner}>c</${outer}>d<${outer}/>e`;
        const scanned = treeOfScan(PageChars.ofText(page));
        // Only a further html tag is left to the tree.
        const isSame = scanned ? JSON.stringify(scanned.tree) === JSON.stringify(treeOfCheerio(parsedTree(page))) : page.includes('<html>');
        if (!isSame) wrong.push(page);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('shows its text to readers as it does in the tree', () => {
    const extract = {
      seen: 'div',
      code: { selector: 'div', value: 'innerText' },
      all: [{ selector: 'div *', value: { read: ':scope', inner: { selector: ':scope', value: 'innerText' } } }],
    };
    const scan = compileScan({ extract });
    for (const name of known) {
      if (name === 'html') continue;
      const body = Buffer.from(`<div>a<${name}>b<i>c</i></${name}>d</div>`);
      expect({ name, outcome: scan && byScan(scan, body) }).toStrictEqual({ name, outcome: byTree({ extract }, body) });
    }
  });
});

test('text that readers see is cut where the tree cuts it', () => {
  fc.assert(
    fc.property(soundPage, fc.nat(60), (page, maxChars) => {
      const body = parsedTree(page)('body')[0];
      const pieces = piecesOfBody(page);
      fc.pre(body !== undefined && pieces !== undefined);
      expect(pieces.readable(0, pieces.next, maxChars)).toBe(readableText(body, maxChars));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ' \n',
  ' text',
  '\n</x>text',
  '\n</x> \n</x><p>a',
  ' &amp; x',
  '&#10;x<p>b',
  '&nbsp;<p>b',
  '&bogus; x',
  '<3',
  ' < 3',
  '</html>\n</x>more<p>b',
  '<html>a</html> <!-- c --> <p>b</html>c',
  '<title>t</title><html lang=en><p>b',
  '<html><html><p>a</html></html>b',
  'a<html>b',
])('content around the html element is where the tree has it: %j', (page) => {
  const scanned = treeOfScan(PageChars.ofText(page));
  const tree = treeOfCheerio(parsedTree(page));
  expect(scanned?.tree ?? tree).toEqual(tree);
});

test('most content around the html element needs no tree', () => {
  for (const page of [
    ' \n',
    ' text',
    '\n</x> \n</x><p>a',
    '<3',
    '<html>a</html> <!-- c --> <p>b</html>c',
    '<html><html><p>a</html></html>b',
    'a<html>b',
  ]) {
    expect(treeOfScan(PageChars.ofText(page))).toBeDefined();
  }
});

describe('character references', () => {
  const entities = 'amp AMP lt gt quot apos nbsp copy not notin notit acE Aacute AElig ngE NotEqualTilde fjlig semi lang x zwj bogus'.split(
    ' ',
  );
  const reference = fc
    .tuple(
      fc.oneof(
        fc.constantFrom(...entities).map((name) => `&${name}`),
        fc.nat(0x11_00_00).map((code) => `&#${code}`),
        fc.nat(0x11_00_00).map((code) => `&#x${code.toString(16)}`),
        fc.constantFrom('&', '&#', '&#x', '&#x1F', '&#0', '&#xFFFFFFFFFF', '&#128', '&#159'),
      ),
      fc.constantFrom(';', '', '=', 'a', '1', ' ', '&', '<', ';;', '.', '-', '日'),
    )
    .map((parts) => parts.join(''));
  const text = fc.array(reference, { maxLength: 4 }).map((parts) => parts.join(''));

  test('in text are resolved as by the tree builder', () => {
    fc.assert(
      fc.property(text, (raw) => {
        expect(decodeText(raw)).toBe(parsedTree(`<p>${raw}`)('p').text());
      }),
      { numRuns: 5_000 },
    );
  });

  test('in attributes are resolved as by the tree builder', () => {
    fc.assert(
      fc.property(text, (raw) => {
        expect(decodeAttribute(raw)).toBe(parsedTree(`<p a="${raw}">`)('p').attr('a'));
      }),
      { numRuns: 5_000 },
    );
  });
});

/** The text of a page's body. */
function piecesOfBody(page: string): TextPieces | undefined {
  const context = { names: new NameTable(), uses: { index: false, indexOfType: false } };
  const builder = new ProgramBuilder(context, true);
  builder.add('body', { kind: 'text', isInner: false }, false);
  const chars = PageChars.ofText(page);
  const scanner = new Scanner(context.names);
  const matcher = new Matcher({ program: builder.build(), chars, attributes: scanner.attributes, context });
  try {
    scanner.scan(chars, LIMITS, matcher);
  } catch (error) {
    if (error instanceof Undecided) return undefined;
    throw error;
  }
  return matcher.pieces;
}
