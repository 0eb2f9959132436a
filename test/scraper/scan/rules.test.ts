import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildTree } from '../../../functions/scraper/page-tree.ts';
import { endBitOf, endedBy, KNOWN_NAMES, NameTable, traitsOf } from '../../../functions/scraper/scan/element-names.ts';
import { PageChars } from '../../../functions/scraper/scan/page-chars.ts';
import { decodeAttribute, decodeText } from '../../../functions/scraper/scan/references.ts';
import { byScan, byTree, compileScan } from './both-ways.ts';
import { LIMITS, treeOfCheerio, treeOfScan } from './tree-of-scan.ts';

const OPTIONS = { ...LIMITS, parser: 'htmlparser2', xml: false, baseUrl: 'https://a.example/' } as const;
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
        const isSame = scanned
          ? JSON.stringify(scanned.tree) === JSON.stringify(treeOfCheerio(buildTree(page, OPTIONS)))
          : page.includes('<html>');
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
        expect(decodeText(raw)).toBe(buildTree(`<p>${raw}`, OPTIONS)('p').text());
      }),
      { numRuns: 5_000 },
    );
  });

  test('in attributes are resolved as by the tree builder', () => {
    fc.assert(
      fc.property(text, (raw) => {
        expect(decodeAttribute(raw)).toBe(buildTree(`<p a="${raw}">`, OPTIONS)('p').attr('a'));
      }),
      { numRuns: 5_000 },
    );
  });
});
