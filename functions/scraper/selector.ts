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
  /** Tests in HTML's and XML's way; undefined where cheerio does it. */
  readonly #html: Test | undefined;
  readonly #xml: Test | undefined;
  /** Whether a match depends on the element alone, and so not on what the search began with. */
  readonly #isSimple: boolean;

  /** @throws {Error} in css-what's words, for what is no selector. */
  constructor(source: string) {
    this.#source = source;
    const tokens = parse(source);
    this.#isSimple = !tokens.some((rule) => rule.some(isTraversal));
    const isPlain = !tokens.some(needsCheerio);
    this.#html = isPlain ? compileFor(tokens, false) : undefined;
    this.#xml = isPlain ? compileFor(parse(source), true) : undefined;
  }

  first(scope: Selection): ElementNode | undefined {
    const test = this.#testFor(scope);
    // Of cheerio's own ways only extract stops at the first match.
    if (!test) return scope.extract({ first: { selector: this.#source, value: (element) => element } }).first;
    for (const element of descendants(scope)) if (test(element)) return element;
    return undefined;
  }

  all(scope: Selection): readonly ElementNode[] {
    const test = this.#testFor(scope);
    if (!test) return scope.find(this.#source).toArray();
    const found: ElementNode[] = [];
    for (const element of descendants(scope)) if (test(element)) found.push(element);
    return found;
  }

  #testFor(scope: Selection): Test | undefined {
    const isOne = scope.length === 1;
    const isDocument = isOne && scope[0]?.parent === null;
    return isDocument || (isOne && this.#isSimple) ? (scope.options.xmlMode ? this.#xml : this.#html) : undefined;
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
    selector = new Selector(source);
    selectors.set(source, selector);
  }
  return selector;
}

function compileFor(tokens: Token[][], xmlMode: boolean): Test {
  return compile<AnyNode, ElementNode>(tokens, { xmlMode });
}

/** jQuery's positions, and whatever speaks of the scope. */
const CHEERIO_ONLY = new Set(['first', 'last', 'eq', 'gt', 'lt', 'nth', 'even', 'odd', 'scope']);

function needsCheerio(rule: readonly Token[]): boolean {
  const [head] = rule;
  if (head && isTraversal(head)) return true;
  return rule.some(
    (token) =>
      token.type === SelectorType.Pseudo &&
      (CHEERIO_ONLY.has(token.name) || (Array.isArray(token.data) && token.data.some(needsCheerioInside))),
  );
}

/** Inside of `:has(> a)` a leading combinator is css-select's own affair. */
function needsCheerioInside(rule: readonly Token[]): boolean {
  return needsCheerio(rule[0] && isTraversal(rule[0]) ? rule.slice(1) : rule);
}

/** All elements below a node in document order, by the nodes' own links: neither stack nor lists. */
function* descendants(scope: Selection): Generator<ElementNode> {
  const root = scope[0];
  let node: AnyNode | null | undefined = root;
  while (node) {
    let next: AnyNode | null | undefined = 'children' in node ? node.children[0] : undefined;
    while (!next && node && node !== root) {
      next = node.next;
      if (!next) node = node.parent;
    }
    node = next;
    if (node && 'attribs' in node) yield node;
  }
}
