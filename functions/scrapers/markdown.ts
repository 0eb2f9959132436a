import Turndown from 'turndown/lib/turndown.browser.cjs.js';
import type { DomElement, DomNode } from './reader-dom.ts';

/** Of a table that is written as one; a larger one, or one that holds blocks, is written as its texts. Short rows are filled up. */
const MAX_CELLS = 20_000;
const MAX_COLUMNS = 100;

/**
 * Writes a part of a page as Markdown: CommonMark, with tables as GitHub has them, for people and language models to read.
 *
 * @see https://spec.commonmark.org/0.31.2/
 * @see https://github.github.com/gfm/#tables-extension-
 */
export function toMarkdown(root: DomElement): string {
  const turndown = new Turndown({ headingStyle: 'atx', codeBlockStyle: 'fenced', bulletListMarker: '-', hr: '---', emDelimiter: '*' });
  const escape = turndown.escape.bind(turndown);
  // What looks like a tag or a reference to a character would be read as one.
  turndown.escape = (text) => escape(text).replaceAll(/<(?=[a-z/!?])|&(?=#?\w{1,40};)/gi, String.raw`\$&`);
  const numbers = new Map<unknown, string>();
  // The library's own rule looks for each item's place among all of its list's: the square of a long list.
  turndown.addRule('item', {
    filter: 'li',
    replacement: (content, node) => {
      const item = node as DomElement;
      const marker = markerOf(item, numbers);
      const lines = content
        .trim()
        .replaceAll(/\n{3,}/g, '\n\n')
        .replaceAll('\n', `\n${' '.repeat(marker.length)}`);
      return `${marker}${lines.replaceAll(/^ +$/gm, '')}\n`;
    },
  });
  turndown.addRule('table', {
    filter: 'table',
    replacement: (content, node) => `\n\n${tableOf(node as DomElement) ?? content.trim()}\n\n`,
  });
  turndown.addRule('fence', {
    filter: 'pre',
    replacement: (_, node) => fenced(node as DomElement),
  });
  return turndown.turndown(root).trim();
}

/** `- ` or `3. `; the numbers of a list are counted once, with its first item. */
function markerOf(item: DomElement, numbers: Map<unknown, string>): string {
  const known = numbers.get(item);
  if (known !== undefined) return known;
  const list = item.parentNode as DomElement | null;
  if (list?.nodeName !== 'OL') return '- ';
  const start = Number.parseInt(list.getAttribute('start') ?? '1', 10);
  let number = Number.isSafeInteger(start) ? start : 1;
  for (const child of list.children) if (child.nodeName === 'LI') numbers.set(child, `${number++}. `);
  return numbers.get(item) ?? '- ';
}

function fenced(pre: DomElement): string {
  const text = pre.textContent.replace(/\n$/, '');
  const language = /(?:^|\s)lang(?:uage)?-([\w+#-]+)/.exec(
    `${pre.getAttribute('class') ?? ''} ${pre.children[0]?.getAttribute('class') ?? ''}`,
  )?.[1];
  // A fence is longer than any run of its own sign inside (CommonMark, section 4.5).
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).slice(0, 1_000).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `\n\n${fence}${language ?? ''}\n${text}\n${fence}\n\n`;
}

/** undefined where the table is no grid of short texts. */
function tableOf(table: DomElement): string | undefined {
  const rows: string[][] = [];
  let cells = 0;
  for (const row of table.getElementsByTagName('tr')) {
    const texts: string[] = [];
    for (const cell of row.children) {
      if (++cells > MAX_CELLS || hasBlocks(cell)) return undefined;
      texts.push(
        cell.textContent
          .replaceAll(/\s+/g, ' ')
          .trim()
          .replaceAll('|', String.raw`\|`),
      );
    }
    if (texts.length > 0) rows.push(texts);
  }
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  if (rows.length < 2 || width < 2 || width > MAX_COLUMNS) return undefined;
  const line = (texts: readonly string[]) => `| ${Array.from({ length: width }, (_, i) => texts[i] ?? '').join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), `|${' --- |'.repeat(width)}`, ...body.map(line)].join('\n');
}

const BLOCKS = new Set(['TABLE', 'UL', 'OL', 'PRE', 'BLOCKQUOTE', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'IMG']);

function hasBlocks(cell: DomElement): boolean {
  const open: DomNode[] = [cell];
  for (let node = open.pop(); node; node = open.pop()) {
    if (node !== cell && BLOCKS.has(node.nodeName)) return true;
    for (const child of node.childNodes) open.push(child);
  }
  return false;
}
