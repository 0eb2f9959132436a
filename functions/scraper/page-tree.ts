import { load, type Cheerio, type CheerioAPI } from 'cheerio/slim';
import { DomHandler, Parser } from 'htmlparser2';
import { RequestError } from '../job/errors.ts';

/** Nodes as cheerio hands them out. */
export type DocumentNode = CheerioAPI['_root'];
export type AnyNode = DocumentNode | DocumentNode['children'][number];
export type ElementNode = Extract<AnyNode, { readonly attribs: object }>;
export type Selection = Cheerio<AnyNode>;

export interface TreeLimits {
  /** Elements inside each other. */
  readonly maxNesting: number;
  /** Elements, attributes, texts and comments. */
  readonly maxNodes: number;
}

/**
 * Builds the tree of a page with htmlparser2 and opens it for cheerio.
 *
 * The limits hold while the tree is built: a hostile page of a few megabytes would otherwise become gigabytes of nodes,
 * and one nested thousands deep would overflow the stack of every later walk.
 *
 * @param options.xml - by XML's rules instead of HTML's: names keep their case, `<a/>` closes itself.
 * @param options.baseUrl - what relative addresses resolve against.
 * @throws {RequestError} `too-complex`, naming the limit.
 */
export function buildTree(text: string, options: TreeLimits & { readonly xml: boolean; readonly baseUrl: string }): CheerioAPI {
  const handler = new GuardedHandler(options);
  new Parser(handler, { xmlMode: options.xml }).end(text);
  // cheerio brings an older release of the same tree classes, alike in every field.
  return load(handler.root, { baseURI: options.baseUrl, ...(options.xml && { xml: true }) });
}

/** The tree builder with its limits. */
class GuardedHandler extends DomHandler {
  readonly #limits: TreeLimits;
  #nodes = 0;

  constructor(limits: TreeLimits & { readonly xml: boolean }) {
    super(undefined, { xmlMode: limits.xml });
    this.#limits = limits;
  }

  override onopentag(name: string, attribs: { [name: string]: string }): void {
    super.onopentag(name, attribs);
    // The stack holds the root too.
    if (this.tagStack.length - 1 > this.#limits.maxNesting) {
      throw tooComplex(`nests more than ${this.#limits.maxNesting} elements`, 'limits.maxNesting');
    }
  }

  /** Called by the parser for each attribute as it is read, before its element is there. */
  onattribute(): void {
    this.#count();
  }

  protected override addNode(node: Parameters<DomHandler['addNode']>[0]): void {
    this.#count();
    super.addNode(node);
  }

  #count(): void {
    if (++this.#nodes > this.#limits.maxNodes) throw tooComplex(`holds more than ${this.#limits.maxNodes} nodes`, 'limits.maxNodes');
  }
}

export function tooComplex(what: string, option: string): RequestError {
  return new RequestError('too-complex', `The page ${what} (${option}).`);
}
