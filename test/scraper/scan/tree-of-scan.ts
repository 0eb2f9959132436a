import { load, type CheerioAPI } from 'cheerio/slim';
import { NameTable } from '../../../functions/scraper/scan/element-names.ts';
import type { PageChars } from '../../../functions/scraper/scan/page-chars.ts';
import { CONTINUES, type ScanSink } from '../../../functions/scraper/scan/scan-sink.ts';
import { Scanner } from '../../../functions/scraper/scan/scanner.ts';
import { TextPieces } from '../../../functions/scraper/scan/text-pieces.ts';
import { Undecided } from '../../../functions/scraper/scan/undecided.ts';
import type { AnyNode } from '../../../functions/scraper/page-tree.ts';
import type { TreeLimits } from '../../../functions/scraper/tree-limits.ts';
import { standardTree } from './standard-tree.ts';

/** A tree in its plainest form: texts as strings, elements as lists of name, attributes and children. */
export type PlainNode = string | [name: string, attributes: Record<string, string>, ...children: PlainNode[]];

export const LIMITS: TreeLimits = { maxNesting: 1_000, maxNodes: 500_000 };

/** The elements and texts that a scan tells of, put together; `undefined` where it leaves the page to the tree. */
export function treeOfScan(chars: PageChars, limits = LIMITS): { tree: PlainNode[]; nodes: number; readTo: number } | undefined {
  const names = new NameTable();
  const scanner = new Scanner(names);
  const pieces = new TextPieces(chars);
  const root: PlainNode[] = [];
  const open: PlainNode[][] = [root];
  const sink: ScanSink = {
    open: (name, depth) => {
      const element: PlainNode = [names.name(name), scanner.attributes.all()];
      open[depth - 1]?.push(element);
      open.length = depth;
      open.push(element as unknown as PlainNode[]);
    },
    close: (_, depth) => void (open.length = depth),
    text: (start, end, kind) => {
      const from = pieces.next;
      pieces.text(start, end, kind);
      const text = pieces.all(from, pieces.next);
      const siblings = open.at(-1) ?? [];
      const last = siblings.at(-1);
      if ((kind & CONTINUES) !== 0 && typeof last === 'string') siblings[siblings.length - 1] = last + text;
      else siblings.push(text);
    },
    blank: () => undefined,
    note: () => undefined,
    joinHtml: () => {
      throw new Undecided('attributes that come late');
    },
    done: false,
  };
  try {
    return { ...scanner.scan(chars, limits, sink), tree: root };
  } catch (error) {
    if (error instanceof Undecided) return undefined;
    throw error;
  }
}

/** A page's tree as others make it, which all that is scanned must equal. */
export function parsedTree(page: string, limits = LIMITS): CheerioAPI {
  return load(standardTree(page, limits));
}

/** The same of a tree: without comments, and without what stands beside the html element, where no selector looks. */
export function treeOfCheerio($: CheerioAPI): PlainNode[] {
  const plain = (node: AnyNode): PlainNode[] => {
    if ('attribs' in node) return [[node.name, { ...node.attribs }, ...node.children.flatMap(plain)]];
    return node.nodeType === 3 ? [node.data] : [];
  };
  return ($.root()[0]?.children ?? []).flatMap((node) => ('attribs' in node ? plain(node) : []));
}

/** All that a tree says, node by node, and that each node knows its neighbours. */
export function writtenTree(root: AnyNode): string {
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
