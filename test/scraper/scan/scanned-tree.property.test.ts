import type { AnyNode } from '../../../functions/scraper/page-tree.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RequestError } from '../../../functions/job/errors.ts';
import { buildParsedTree } from '../../../functions/scraper/parsed-tree.ts';
import { buildScannedTree } from '../../../functions/scraper/scan/scanned-tree.ts';
import { anyPage, soup } from './generated-pages.ts';
import { packages, pagesOf } from './real-pages.ts';
import { LIMITS } from './tree-of-scan.ts';

const PAGES = Number(process.env['URLDROP_TEST_PAGES'] ?? 25);

/** All that a tree says, node by node, and that each node knows its neighbours. */
function written(root: AnyNode): string {
  const lines: string[] = [];
  const write = (node: AnyNode, depth: number): void => {
    const facts = {
      type: node.type,
      nodeType: node.nodeType,
      ...('name' in node && { name: node.name }),
      ...('data' in node && { data: node.data }),
      ...('attribs' in node && { attribs: Object.entries(node.attribs) }),
    };
    lines.push(`${' '.repeat(depth)}${JSON.stringify(facts)}`);
    if (!('children' in node)) return;
    for (const [i, child] of node.children.entries()) {
      const isLinked =
        child.parent === node && child.prev === (node.children[i - 1] ?? null) && child.next === (node.children[i + 1] ?? null);
      if (!isLinked) lines.push(`${' '.repeat(depth)}not linked: child ${i}`);
      write(child, depth + 1);
    }
  };
  write(root, 0);
  return lines.join('\n');
}

const OPTIONS = { ...LIMITS, xml: false };
const parsed = (page: string) => written(buildParsedTree(page, OPTIONS));

describe.each([
  ['pages broken in every way', anyPage],
  ['a soup of signs', soup],
])('of %s', (_, pages) => {
  test('the scan builds the parser’s tree, node for node', () => {
    fc.assert(
      fc.property(pages, (page) => {
        const tree = buildScannedTree(page, LIMITS);
        fc.pre(tree !== undefined);
        expect(written(tree)).toBe(parsed(page));
      }),
      { numRuns: 3_000, maxSkipsPerRun: 0.1 },
    );
  });

  test('the scan finds the same pages too complex', () => {
    fc.assert(
      fc.property(pages, fc.nat(12), fc.nat(40), (page, maxNesting, maxNodes) => {
        const limits = { maxNesting, maxNodes };
        const scanned = outcome(() => (buildScannedTree(page, limits) ? 'a tree' : undefined));
        fc.pre(scanned !== undefined);
        expect(scanned).toBe(outcome(() => (buildParsedTree(page, { ...limits, xml: false }) ? 'a tree' : undefined)));
      }),
      { numRuns: 1_000 },
    );
  });
});

const samples = packages.map((name) => {
  const pages = pagesOf(name, PAGES);
  return { what: pages.length === 0 ? `${name}, which is not installed: skipped` : `the package ${name}`, pages };
});

describe.each(samples)('on pages of $what', ({ pages }) => {
  test.runIf(pages.length > 0)('the scan builds the parser’s tree, node for node', () => {
    for (const { body } of pages) {
      const text = body.toString();
      const tree = buildScannedTree(text, LIMITS);
      expect(tree && written(tree) === parsed(text)).toBe(true);
    }
  });
});

test.each([
  '<!--a-->',
  '<!--a--!>',
  '<!--a--->',
  '<!-->',
  '<!--->',
  '<!--a',
  '<!--a-',
  '<!--a--',
  '<!--a---',
  '<!--a--!',
  '<!--a--!-',
  '<!--',
  '<!---',
  '<!----',
  '<!----!',
  '<!--a-!',
  '<!',
  '<!>',
  '<!-',
  '<!-a',
  '<!->',
  '<!d',
  '<!doctype',
  '<!doctype>',
  '<!DocType html>',
  '<?',
  '<?a?>b',
  '<![CDATA[a]]>b',
  '<![CDATA[a]',
  '<svg><![CDATA[a]]>b',
  '<svg><![CDATA[a]',
  '</ a>b',
  '</3',
  ' <!--a--> <p>b</p> </html> <!--c--> <i>d</i> ',
  ' </x> <p>',
  '<html a=1>b</html> </x> <!--c--><html a=2 d=3>',
])('%j becomes the parser’s tree', (page) => {
  const tree = buildScannedTree(page, LIMITS);
  expect(tree && written(tree)).toBe(parsed(page));
});

test('attributes can be changed as on any element', () => {
  const [html] = buildScannedTree('<html a=1 b=2>', LIMITS)?.children ?? [];
  if (!html || !('attribs' in html)) throw new Error('no element');
  html.attribs['c'] = '3';
  delete html.attribs['a'];
  expect(html.attribs).toEqual({ b: '2', c: '3' });
  html.attribs = { d: '4' };
  expect(html.cloneNode().attribs).toEqual({ d: '4' });
});

function outcome(run: () => string | undefined): string | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof RequestError) return error.message;
    throw error;
  }
}
