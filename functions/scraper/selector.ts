import { compile } from 'css-select';
import { isTraversal, parse, SelectorType, type Selector as Token } from 'css-what';
import type { AnyNode, ElementNode, Selection } from './page-tree.ts';

type Test = (element: ElementNode) => boolean;

/**
 * A selector that is read and compiled once, for all pages and scopes.
 *
 * cheerio reads and compiles a selector on every call, which costs more than the search itself on pages of common size. What only cheerio
 * understands (`:first`, `:eq(2)`) or what must be rewritten for each scope (`> a`, `ul li` below an element) is left to it.
 */
export class Selector {
  readonly #source: string;
  /** Whether it is compiled here; else cheerio does it. */
  readonly #isPlain: boolean;
  /** Tests in HTML's and, once asked for, XML's way. */
  readonly #html: Test | undefined;
  #xml: Test | undefined;
  /** Whether a match depends on the element alone, and so not on what the search began with. */
  readonly #isSimple: boolean;
  /** Whether it depends on the element's name and attributes alone; other tests may remember what they have seen of a tree. */
  readonly #isElementary: boolean;

  /** @throws {Error} in css-what's words, for what is no selector. */
  constructor(source: string) {
    this.#source = source;
    const tokens = parse(source);
    this.#isSimple = !tokens.some(looksAround);
    this.#isElementary = tokens.every((rule) => rule.every((token) => ELEMENTARY.has(token.type)));
    this.#isPlain = !tokens.some(needsCheerio);
    this.#html = this.#isPlain ? compileFor(tokens, false) : undefined;
  }

  first(scope: Selection): ElementNode | undefined {
    const test = this.#testFor(scope);
    // Of cheerio's own ways only extract stops at the first match.
    if (!test) return scope.extract({ first: { selector: this.#source, value: (element) => element } }).first;
    return descendants(scope, test, 1)[0];
  }

  all(scope: Selection): readonly ElementNode[] {
    const test = this.#testFor(scope);
    if (!test) return scope.find(this.#source).toArray();
    return descendants(scope, test, Infinity);
  }

  /** For a selector of names and attributes alone, in a scope of one: what it finds now, whatever has become of the tree before. */
  byElement(scope: Selection): ElementNode[] | undefined {
    const test = this.#isElementary && scope.length === 1 ? this.#testFor(scope) : undefined;
    return test && descendants(scope, test, Infinity);
  }

  #testFor(scope: Selection): Test | undefined {
    const isOne = scope.length === 1;
    const isDocument = isOne && scope[0]?.parent === null;
    if (!this.#isPlain || !(isDocument || (isOne && this.#isSimple))) return undefined;
    return scope.options.xmlMode ? (this.#xml ??= compileFor(parse(this.#source), true)) : this.#html;
  }
}

/** Selectors of all scrapers; emptied when full, since a scraper may make selectors from what it finds on pages. */
const MAX_SELECTORS = 2_000;
const selectors = new Map<string, Selector>();

/** @throws {Error} in css-what's words, for what is no selector. */
export function selectorOf(source: string): Selector {
  let selector = selectors.get(source);
  if (!selector) {
    if (selectors.size >= MAX_SELECTORS) selectors.clear();
    // A copy: what was cut from a page would keep it in memory.
    const own = JSON.parse(JSON.stringify(source)) as string;
    selector = new Selector(own);
    selectors.set(own, selector);
  }
  return selector;
}

function compileFor(tokens: Token[][], xmlMode: boolean): Test {
  // What css-select remembers of elements would be out of date once a parse function has changed the tree.
  return compile<AnyNode, ElementNode>(tokens, { xmlMode, cacheResults: false });
}

const ELEMENTARY: ReadonlySet<string> = new Set([SelectorType.Tag, SelectorType.Universal, SelectorType.Attribute]);

/** jQuery's positions, whatever speaks of the scope, and what is too slow on deep pages unless results are remembered during a search. */
const CHEERIO_ONLY = new Set(['first', 'last', 'eq', 'gt', 'lt', 'nth', 'even', 'odd', 'scope', 'has', 'contains', 'icontains']);

function needsCheerio(rule: readonly Token[]): boolean {
  const [head] = rule;
  if (head && isTraversal(head)) return true;
  return rule.some(
    (token) =>
      token.type === SelectorType.Pseudo && (CHEERIO_ONLY.has(token.name) || (Array.isArray(token.data) && token.data.some(needsCheerio))),
  );
}

/** Whether a rule, or one inside of it (`:not(ul a)`), asks for other elements than the one at hand. */
function looksAround(rule: readonly Token[]): boolean {
  return rule.some(
    (token) => isTraversal(token) || (token.type === SelectorType.Pseudo && Array.isArray(token.data) && token.data.some(looksAround)),
  );
}

/** The first elements below a node that pass a test, in document order, by the nodes' own links: neither stack nor lists. */
function descendants(scope: Selection, test: Test, limit: number): ElementNode[] {
  const found: ElementNode[] = [];
  const root = scope[0];
  let node: AnyNode | null | undefined = root;
  while (node) {
    let next: AnyNode | null | undefined = 'children' in node ? node.children[0] : undefined;
    while (!next && node && node !== root) {
      next = node.next;
      if (!next) node = node.parent;
    }
    node = next;
    if (node && 'attribs' in node && test(node) && found.push(node) >= limit) break;
  }
  return found;
}
