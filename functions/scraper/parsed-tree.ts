import { DomHandler, Parser } from 'htmlparser2';
import { tooComplex, type TreeLimits } from './tree-limits.ts';

/** DOM's number for a text (DOM Standard, Node.TEXT_NODE). */
export const TEXT_NODE = 3;

/**
 * Builds the tree of a page with htmlparser2.
 *
 * @throws {RequestError} `too-complex`, naming the limit.
 */
export function buildParsedTree(text: string, options: TreeLimits & { readonly xml: boolean }): DomHandler['root'] {
  const handler = new GuardedHandler(options);
  new Parser(handler, { xmlMode: options.xml }).end(text);
  return handler.root;
}

type TreeNode = Parameters<DomHandler['addNode']>[0];
type TreeElement = DomHandler['tagStack'][number];

/**
 * The tree builder with its limits, and with one `html` element around all content, as browsers have it: pages without one are common,
 * and every search from a document with thousands of elements at its top would take quadratic time in cheerio.
 */
export class GuardedHandler extends DomHandler {
  readonly #limits: TreeLimits;
  readonly #isHtml: boolean;
  #nodes = 0;
  #html: TreeElement | undefined;

  constructor(limits: TreeLimits & { readonly xml: boolean }) {
    super(undefined, { xmlMode: limits.xml });
    this.#limits = limits;
    this.#isHtml = !limits.xml;
  }

  override onopentag(name: string, attribs: { [name: string]: string }): void {
    if (name === 'html' && this.#html && this.#isHtml) this.#joinHtml(attribs);
    else super.onopentag(name, attribs);
    // The stack holds the root too.
    if (this.tagStack.length - 1 > this.#limits.maxNesting) {
      throw tooComplex(`nests more than ${this.#limits.maxNesting} elements`, 'limits.maxNesting');
    }
  }

  /** Called by the parser for each attribute as it is read, before its element is there. */
  onattribute(): void {
    this.#count();
  }

  protected override addNode(node: TreeNode): void {
    this.#count();
    if (this.tagStack.length === 1 && this.#isHtml) this.#enterHtml(node);
    super.addNode(node);
  }

  #count(): void {
    if (++this.#nodes > this.#limits.maxNodes) throw tooComplex(`holds more than ${this.#limits.maxNodes} nodes`, 'limits.maxNodes');
  }

  /** Content outside of the html element goes into it; comments, the doctype and blanks may stay where they are. */
  #enterHtml(node: TreeNode): void {
    if ('attribs' in node && node.name === 'html') this.#html = node;
    else if ('attribs' in node || ('data' in node && node.nodeType === TEXT_NODE && node.data.trim() !== '')) {
      if (this.#html) this.tagStack.push(this.#html);
      else super.onopentag('html', {});
    }
  }

  /**
   * A further html tag adds its attributes to the first (HTML, section 13.2.6.4.7). Its end must find something to close, and until then
   * content stays in the element that is open, in the order of the page.
   */
  #joinHtml(attribs: { [name: string]: string }): void {
    const html = this.#html;
    if (!html) return;
    if ('attribs' in html) html.attribs = { ...attribs, ...html.attribs };
    this.tagStack.push((this.tagStack.length > 1 && this.tagStack.at(-1)) || html);
  }
}
