import type { CheerioAPI } from 'cheerio/slim';
import fc from 'fast-check';
import { DomUtils, parseDocument } from 'htmlparser2';
import { describe, expect, test } from 'vitest';
import { readableText } from '../../functions/scraper/page-text.ts';
import { buildTree, type AnyNode, type TreeOptions } from '../../functions/scraper/page-tree.ts';

const textOf = ($: CheerioAPI, maxChars?: number) =>
  $.root()
    .toArray()
    .map((root) => readableText(root, maxChars))
    .join();

const limits: TreeOptions = { parser: 'htmlparser2', xml: false, baseUrl: 'https://a.example/', maxNesting: 1_000, maxNodes: 100_000 };
const piece = fc.oneof(
  fc.constantFrom(
    '<html lang=en>',
    '<html class=x>',
    '</html>',
    '<head>',
    '</head>',
    '<body>',
    '</body>',
    '<p>',
    '</p>',
    '<a href=x>',
    '</a>',
    '<br>',
    '<table><tr><td>',
    '</table>',
    '<!doctype html>',
    '<!--c-->',
    ' ',
    '\n',
    '&amp;',
    '<script>1<2</script>',
    '<title>t</title>',
    '<svg><title>s</title></svg>',
  ),
  fc.string({ maxLength: 8 }),
);
const markup = fc.array(piece, { maxLength: 40 }).map((parts) => parts.join(''));

describe('the tree', () => {
  test('has one element at its top at most, which is html', () => {
    fc.assert(
      fc.property(markup, (body) => {
        const top = buildTree(body, limits).root().children().toArray();
        expect(top.length).toBeLessThan(2);
        expect(top.every((element) => element.name === 'html')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('holds the same text in the same order as the parser by itself', () => {
    fc.assert(
      fc.property(markup, (body) => {
        const squeezed = (text: string) => text.replaceAll(/\s+/g, '');
        expect(squeezed(buildTree(body, limits).root().text())).toBe(squeezed(DomUtils.textContent(parseDocument(body))));
      }),
      { numRuns: 300 },
    );
  });

  test('is linked soundly: parents, siblings and children agree', () => {
    fc.assert(
      fc.property(markup, (body) => {
        const $ = buildTree(body, limits);
        const parents: readonly AnyNode[] = [...$.root(), ...$('*')];
        for (const node of parents) {
          if (!('children' in node)) throw new Error('a text among elements');
          node.children.forEach((child, i) => {
            expect(child.parent).toBe(node);
            expect(child.prev).toBe(node.children[i - 1] ?? null);
            expect(child.next).toBe(node.children[i + 1] ?? null);
          });
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['<html></html><p>x', '<html><p>x</p></html>'],
    ['x<html a=b>y</html>z<html c=d>w', '<html c="d" a="b">xyzw</html>'],
    ['<a><html b=c>x</html>y', '<html b="c"><a>xy</a></html>'],
    ['<!doctype html><!--c--> <p>a</p></html>b', '<!doctype html><!--c--> <html><p>a</p>b</html>'],
  ])('takes all content of %j into one html', (body, html) => {
    expect(buildTree(body, limits).html()).toBe(html);
  });

  test('takes what a later html tag adds, and keeps what the first said', () => {
    const $ = buildTree('<p>a<html lang=en class=x><p>b</html><p>c<html lang=de id=i>', limits);
    expect($('html').attr()).toEqual({ lang: 'en', class: 'x', id: 'i' });
    expect($('p').length).toBe(3);
  });
});

describe('readable text', () => {
  test('is what the whole text is, white space aside, where there is nothing unseen', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom('<p>', '</p>', '<b>', '</b>', '<br>', '<td>', ' '), fc.stringMatching(/^[a-z]{1,4}$/)), {
          maxLength: 40,
        }),
        (parts) => {
          const $ = buildTree(parts.join(''), limits);
          const text = textOf($);
          expect(text.replaceAll(' ', '')).toBe($.root().text().replaceAll(/\s/g, ''));
          expect(text).toBe(text.trim());
          expect(text).not.toMatch(/\s\s/);
        },
      ),
    );
  });

  test('is cut at its limit', () => {
    const $ = buildTree('<p>abc</p><p>def</p>', limits);
    expect([textOf($, 5), textOf($, 7), textOf($, 100)]).toEqual(['abc d', 'abc def', 'abc def']);
  });
});
