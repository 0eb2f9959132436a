import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RequestError } from '../../../functions/job/errors.ts';
import { buildParsedTree } from '../../../functions/scraper/parsed-tree.ts';
import { buildScannedTree } from '../../../functions/scraper/scan/scanned-tree.ts';
import { anyPage, soup } from './generated-pages.ts';
import { packages, pagesOf } from './real-pages.ts';
import { standardTree } from './standard-tree.ts';
import { LIMITS, writtenTree } from './tree-of-scan.ts';

const PAGES = Number(process.env['URLDROP_TEST_PAGES'] ?? 20);

const expected = (page: string) => writtenTree(standardTree(page, LIMITS));

describe.each([
  ['pages broken in every way', anyPage],
  ['a soup of signs', soup],
])('of %s', (_, pages) => {
  test('the scan builds the tree of the Standard’s tokens, node for node', () => {
    fc.assert(
      fc.property(pages, (page) => {
        const tree = buildScannedTree(page, LIMITS);
        fc.pre(tree !== undefined);
        expect(writtenTree(tree)).toBe(expected(page));
      }),
      { numRuns: 1_500, maxSkipsPerRun: 0.1 },
    );
  });

  test('the scan finds the same pages too complex', () => {
    fc.assert(
      fc.property(pages, fc.nat(12), fc.nat(40), (page, maxNesting, maxNodes) => {
        const limits = { maxNesting, maxNodes };
        const scanned = outcome(() => (buildScannedTree(page, limits) ? 'a tree' : undefined));
        fc.pre(scanned !== undefined);
        expect(scanned).toBe(outcome(() => (standardTree(page, limits) ? 'a tree' : undefined)));
      }),
      { numRuns: 1_000 },
    );
  });
});

/** parse5 makes one line end of CR and LF. */
function oneEnd(text: string): string {
  return text.replaceAll('\\r\\n', '\\n');
}

const samples = packages.map((name) => {
  const pages = pagesOf(name, PAGES);
  return { what: pages.length === 0 ? `${name}, which is not installed: skipped` : `the package ${name}`, pages };
});

describe.each(samples)('on pages of $what', ({ pages }) => {
  test.runIf(pages.length > 0)('the scan builds the parser’s tree and that of the Standard’s tokens, node for node', () => {
    for (const { body } of pages) {
      const text = body.toString();
      const tree = buildScannedTree(text, LIMITS);
      expect(tree && writtenTree(tree) === writtenTree(buildParsedTree(text, { ...LIMITS, xml: false }))).toBe(true);
      expect(tree && oneEnd(writtenTree(tree)) === oneEnd(expected(text))).toBe(true);
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
  '<script><!--<script></script>--></script>b',
  '<script><!--<script></script></script>b',
  '<script><!--></script>b',
  '<script><!--<SCRIPT/</scripT >--><p></script>b',
  '<script><!--<script>',
  '<style><!--</style>-->',
  '<title>a<&amp;</titles></title/>b',
  '</p a=">">b',
  '<svg><a/ >b',
  '<a b',
  '</a b',
])('%j becomes the tree of the Standard’s tokens', (page) => {
  const tree = buildScannedTree(page, LIMITS);
  expect(tree && writtenTree(tree)).toBe(expected(page));
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
