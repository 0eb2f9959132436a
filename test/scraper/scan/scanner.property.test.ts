import fc from 'fast-check';
import { Tokenizer, TokenizerMode, type Token } from 'parse5';
import { describe, expect, test } from 'vitest';
import { RequestError } from '../../../functions/job/errors.ts';
import { PageChars } from '../../../functions/scraper/scan/page-chars.ts';
import { anyPage, plainMarkup, soup } from './generated-pages.ts';
import { parsedTree, treeOfCheerio, treeOfScan, type PlainNode } from './tree-of-scan.ts';

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
      { numRuns: 3_000, maxSkipsPerRun: 0.1 },
    );
  });

  test('the bytes of a page in UTF-8 are read as its text', () => {
    fc.assert(
      fc.property(pages, fc.array(fc.nat(255), { maxLength: 3 }), fc.nat(), (page, odd, place) => {
        // Bytes that are no UTF-8 may stand anywhere.
        const sound = Buffer.from(page);
        const at = place % (sound.length + 1);
        const bytes = Buffer.concat([sound.subarray(0, at), Buffer.from(odd), sound.subarray(at)]);
        const scanned = treeOfScan(PageChars.ofUtf8(bytes));
        fc.pre(scanned !== undefined);
        expect(scanned.tree).toEqual(treeOfCheerio(parsedTree(new TextDecoder().decode(bytes))));
      }),
      { numRuns: 2_000 },
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

test('tags, attributes and text are those of the HTML Standard’s tokenizer', () => {
  fc.assert(
    fc.property(plainMarkup, (markup) => {
      const page = `<html>${markup}`;
      const scanned = treeOfScan(PageChars.ofText(page));
      const found = { tags: [] as [string, Record<string, string>][], text: '' };
      for (const node of scanned?.tree ?? []) gather(node, found);
      expect(found).toEqual(tokensOf(page));
    }),
    { numRuns: 3_000 },
  );
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

function gather(node: PlainNode, into: { tags: [string, Record<string, string>][]; text: string }): void {
  if (typeof node === 'string') {
    into.text += node;
    return;
  }
  const [name, attributes, ...children] = node;
  into.tags.push([name, attributes]);
  for (const child of children) gather(child, into);
}

/** Start tags and all text, as parse5 reads them. */
function tokensOf(page: string): { tags: [string, Record<string, string>][]; text: string } {
  const tags: [string, Record<string, string>][] = [];
  let text = '';
  const chars = ({ chars: more }: Token.CharacterToken): void => void (text += more);
  const states: Record<string, number> = {
    script: TokenizerMode.SCRIPT_DATA,
    style: TokenizerMode.RAWTEXT,
    textarea: TokenizerMode.RCDATA,
  };
  const tokenizer = new Tokenizer(
    {},
    {
      onStartTag: (tag) => {
        // The Standard lowers ASCII letters only, htmlparser2 all; the first of two names that then agree counts.
        tags.push([tag.tagName, Object.fromEntries(tag.attrs.toReversed().map(({ name, value }) => [name.toLowerCase(), value]))]);
        const state = states[tag.tagName];
        // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- parse5 has two names for its states
        if (state !== undefined) tokenizer.state = state;
        tokenizer.lastStartTagName = tag.tagName;
      },
      onCharacter: chars,
      onNullCharacter: chars,
      onWhitespaceCharacter: chars,
      onEndTag: () => undefined,
      onComment: () => undefined,
      onDoctype: () => undefined,
      onEof: () => undefined,
    },
  );
  tokenizer.write(page, true);
  return { tags, text };
}
