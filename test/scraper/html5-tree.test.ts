import fc from 'fast-check';
import { parse, serialize } from 'parse5';
import { describe, expect, test } from 'vitest';
import { buildScraper, defineScraper } from '../../functions/scraper/define-scraper.ts';
import { buildTree, type AnyNode, type TreeOptions } from '../../functions/scraper/page-tree.ts';
import { errorOf, run } from './run.ts';

const options: TreeOptions = { parser: 'html5', xml: false, baseUrl: 'https://a.example/', maxNesting: 1_000, maxNodes: 100_000 };

const tags = 'p b i a div table tr td tbody select option template svg form ul li br html body head title script nobr h1'.split(' ');
const piece = fc.oneof(
  fc.constantFrom(...tags.flatMap((tag) => [`<${tag}>`, `</${tag}>`])),
  fc.constantFrom('<a class=x href="/y">', '<svg xlink:href="a">', '<html lang=en>', '<!doctype html>', '<!--c-->', 'text', ' ', '&amp;'),
);
const markup = fc.array(piece, { maxLength: 50 }).map((parts) => parts.join(''));

/** A tree in one line: names, attributes, texts. What stands in a template has a document of its own around it. */
function outline(nodes: readonly AnyNode[]): string {
  return nodes
    .map((node) => {
      if ('attribs' in node) {
        const attributes = Object.entries(node.attribs).toSorted(([a], [b]) => (a < b ? -1 : 1));
        return `<${node.name}${attributes.map(([name, value]) => ` ${name}=${value}`).join('')}>${outline(node.children)}</>`;
      }
      if ('children' in node) return outline(node.children);
      return node.nodeType === 3 ? `"${node.data}"` : node.nodeType === 8 ? `<!--${node.data}-->` : '';
    })
    .join('');
}

/** The same of parse5's own tree. */
function outlineOfParse5(node: object): string {
  const {
    nodeName,
    childNodes = [],
    attrs,
    value,
    data,
    content,
  } = node as {
    nodeName: string;
    childNodes?: object[];
    attrs?: { name: string; value: string; prefix?: string }[];
    value?: string;
    data?: string;
    content?: object;
  };
  if (nodeName === '#text') return `"${value}"`;
  if (nodeName === '#comment') return `<!--${data}-->`;
  const inside = (content ? outlineOfParse5(content) : '') + childNodes.map(outlineOfParse5).join('');
  if (!attrs) return inside;
  const attributes = attrs
    .map((a) => [a.prefix ? `${a.prefix}:${a.name}` : a.name, a.value] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `<${nodeName}${attributes.map(([name, text]) => ` ${name}=${text}`).join('')}>${inside}</>`;
}

describe('the HTML5 tree', () => {
  test('is the one that parse5 builds by itself', () => {
    fc.assert(
      fc.property(markup, (body) => {
        expect(outline(buildTree(body, options).root().toArray())).toBe(outlineOfParse5(parse(body, { scriptingEnabled: false })));
      }),
      { numRuns: 1_000 },
    );
  });

  test('is linked soundly: parents, siblings and children agree', () => {
    fc.assert(
      fc.property(markup, (body) => {
        const $ = buildTree(body, options);
        for (const node of [...$.root(), ...$('*')] as AnyNode[]) {
          if (!('children' in node)) throw new Error('a text among elements');
          node.children.forEach((child, i) => {
            expect(child.parent).toBe(node);
            expect(child.prev).toBe(node.children[i - 1] ?? null);
            expect(child.next).toBe(node.children[i + 1] ?? null);
          });
        }
      }),
      { numRuns: 500 },
    );
  });

  test('writes back what it read, as parse5 does', () => {
    const body = '<table><b>x<tr><td>1</table><p>a<b>b<p>c';
    expect(buildTree(body, options).html()).toBe(serialize(parse(body)));
  });

  test('is built where the scraper or the page type asks for it', async () => {
    const body = '<table><tr><td>1<tr><td>2</table>';
    const extract = { rows: ['table > tbody > tr > td'] };
    const plain = defineScraper({ name: 'test', pages: { page: { extract } } });
    const whole = defineScraper({ name: 'test', parser: 'html5', pages: { page: { extract } } });
    const one = defineScraper({ name: 'test', pages: { page: { parser: 'html5', extract } } });
    expect([(await run(plain, body)).items[0], (await run(whole, body)).items[0], (await run(one, body)).items[0]]).toEqual([
      { rows: [] },
      { rows: ['1', '2'] },
      { rows: ['1', '2'] },
    ]);
  });

  test.each([
    ['100,000 elements inside each other', '<div>'.repeat(100_000), 'nests more than 1000 elements'],
    ['a million siblings', '<br>'.repeat(1_000_000), 'holds more than 500000 nodes'],
    ['a million texts between comments', 'x<!---->'.repeat(400_000), 'holds more than 500000 nodes'],
    [
      'formatting that multiplies',
      `<p>${Array.from({ length: 100 }, (_, i) => `<b class=c${i}>`).join('')}${'<p>x'.repeat(20_000)}`,
      'more than',
    ],
    [
      'one element with 300,000 attributes',
      `<a ${Array.from({ length: 600_000 }, (_, i) => i.toString(36)).join(' ')}>`,
      'holds more than 500000 nodes',
    ],
    ['content misplaced in a table', `<table>${'x<b></b>'.repeat(300_000)}`, 'more than'],
  ])('of a hostile page is refused while it is built: %s', async (_, body, message) => {
    const scraper = buildScraper(
      { name: 'test', parser: 'html5', limits: { parseTime: 60_000 }, pages: { page: { extract: { t: 'title' } } } },
      undefined,
    );
    const error = await errorOf(run(scraper, body));
    expect(error.code).toBe('too-complex');
    expect(error.message).toContain(message);
  });
});
