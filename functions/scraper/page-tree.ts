import { load, type Cheerio, type CheerioAPI } from 'cheerio/slim';
import { buildHtml5Tree } from './html5-tree.ts';
import { buildParsedTree } from './parsed-tree.ts';
import { buildScannedTree } from './scan/scanned-tree.ts';
import { selectorOf } from './selector.ts';
import type { TreeLimits } from './tree-limits.ts';

/** Nodes as cheerio hands them out. */
export type DocumentNode = CheerioAPI['_root'];
export type AnyNode = DocumentNode | DocumentNode['children'][number];
export type ElementNode = Extract<AnyNode, { readonly attribs: object }>;
export type Selection = Cheerio<AnyNode>;

/** `htmlparser2`: quick and forgiving. `html5`: the tree that browsers build. */
export type ParserName = 'htmlparser2' | 'html5';
export const parserNames: readonly ParserName[] = ['htmlparser2', 'html5'];

export interface TreeOptions extends TreeLimits {
  readonly parser: ParserName;
  /** By XML's rules instead of HTML's, whatever the parser: names keep their case, `<a/>` closes itself. */
  readonly xml: boolean;
  /** What relative addresses resolve against. */
  readonly baseUrl: string;
}

/**
 * Builds the tree of a page and opens it for cheerio.
 *
 * The limits hold while the tree is built: a hostile page of a few megabytes would otherwise become gigabytes of nodes,
 * and one nested thousands deep would overflow the stack of every later walk.
 *
 * @throws {RequestError} `too-complex`, naming the limit.
 */
export function buildTree(text: string, options: TreeOptions): CheerioAPI {
  const cheerioOptions = { baseURI: options.baseUrl, ...(options.xml && { xml: true }) };
  if (options.parser === 'html5' && !options.xml) return load(buildHtml5Tree(text, options), cheerioOptions);
  // cheerio brings an older release of the parser's tree classes, alike in every field.
  const $ = load((!options.xml && buildScannedTree(text, options)) || buildParsedTree(text, options), cheerioOptions);
  findQuickly($);
  return $;
}

/** Selectors of names and attributes alone are compiled once for all pages; cheerio compiles each again each time. */
function findQuickly($: CheerioAPI): void {
  const { find } = $.fn;
  const { options } = $.root();
  $.fn.find = function (wanted) {
    // Options of the call's own may change what a selector means.
    const found = typeof wanted === 'string' && wanted !== '' && this.options === options ? selectorOf(wanted).byElement(this) : undefined;
    // oxlint-disable-next-line no-underscore-dangle -- plugins make selections so: one that knows where it comes from, for end()
    return found ? this._make(found) : find.call(this, wanted);
  };
}

export { TEXT_NODE } from './parsed-tree.ts';
export { tooComplex, type TreeLimits } from './tree-limits.ts';
