import { parse, SelectorType, type PseudoSelector, type Selector } from 'css-what';
import nthCheck from 'nth-check';
import { attributeTest } from './attribute-test.ts';
import type { ElementTest } from './element-test.ts';
import { ANY, NONE, Relation, type CompileContext, type Step } from './program.ts';
import { Undecided } from './undecided.ts';

/** What nth-check gives for a rule that every element fulfils. */
const EVERY = nthCheck('n');

const RELATIONS: ReadonlyMap<SelectorType, number> = new Map([
  [SelectorType.Descendant, Relation.descendant],
  [SelectorType.Child, Relation.child],
  [SelectorType.Adjacent, Relation.adjacent],
  [SelectorType.Sibling, Relation.sibling],
]);

interface Compound {
  /** To the compound before it. */
  relation: number;
  readonly tokens: Selector[];
}

/** The selectors of one scope as steps, in the order in which they must be tested: what a step asks for comes before it. */
export class SelectorSteps {
  readonly steps: Step[] = [];
  paths = 0;
  readonly #context: CompileContext;
  readonly #isPage: boolean;
  #allowsPaths = true;

  /** @param isPage - whether the scope is the page itself, which no `:scope` matches. */
  constructor(context: CompileContext, isPage: boolean) {
    this.#context = context;
    this.#isPage = isPage;
  }

  /**
   * Adds a selector, with the meaning that cheerio's `find` gives it in this scope.
   *
   * @throws {Undecided} for a selector that needs what is behind an element, and for the extensions of cheerio and css-select.
   */
  add(selector: string, target: number): void {
    // A selector that begins with a combinator or `:scope` looks at the scope's own element too; so do all that follow in its list.
    const findsScope = /^\s*:scope\b/.test(selector);
    const rules = parsed(selector);
    // In an element, cheerio keeps the paths of `ul li` inside of it, but a selector without a path is tested on its own: see selector.ts.
    this.#allowsPaths = this.#isPage || findsScope || rules.some((tokens) => tokens.some(({ type }) => RELATIONS.has(type)));
    for (const tokens of rules) {
      const compounds = compoundsOf(tokens);
      const [first, second] = compounds;
      if (!first) throw new Undecided(selector);
      const isFromScope = first.tokens.length === 1 && isPseudo(first.tokens[0], 'scope');
      if (first.relation !== Relation.none || isFromScope) {
        // `> a` is short for `:scope > a`.
        const head = isFromScope ? second : first;
        if (head?.relation === Relation.child) head.relation = Relation.childOfScope;
        else if (head?.relation === Relation.descendant && isFromScope) head.relation = Relation.none;
        else throw new Undecided(selector);
        if (this.#isPage) continue;
        if (isFromScope) compounds.shift();
      }
      this.#path(compounds, { target, findsScope });
    }
  }

  /** Adds the steps of one path; gives the path of its last compound. */
  #path(compounds: readonly Compound[], end: { readonly target: number; readonly findsScope: boolean }): number {
    let path: number = NONE;
    for (const [i, compound] of compounds.entries()) {
      const isLast = i === compounds.length - 1;
      const { name, tests } = this.#compound(compound.tokens);
      const from = path;
      path = isLast && end.target !== NONE ? NONE : this.paths++;
      this.steps.push({
        name,
        tests,
        relation: compound.relation,
        from,
        path,
        target: isLast ? end.target : NONE,
        findsScope: isLast && end.findsScope,
      });
    }
    return path;
  }

  #compound(tokens: readonly Selector[]): { readonly name: number; readonly tests: readonly ElementTest[] } {
    let name: number = ANY;
    const tests: ElementTest[] = [];
    for (const token of tokens) {
      if (token.type === SelectorType.Universal && token.namespace === null) continue;
      if (token.type === SelectorType.Tag && token.namespace === null) name = this.#context.names.add(token.name.toLowerCase());
      else if (token.type === SelectorType.Attribute) tests.push(attributeTest(token) ?? undecided(token));
      else if (token.type === SelectorType.Pseudo) tests.push(this.#pseudo(token));
      else undecided(token);
    }
    return { name, tests };
  }

  #pseudo(token: PseudoSelector): ElementTest {
    const { name, data } = token;
    if (Array.isArray(data)) {
      if (name === 'is' || name === 'where' || name === 'matches') return this.#anyOf(data);
      if (name !== 'not') return undecided(token);
      const test = this.#anyOf(data);
      return (element) => !test(element);
    }
    if (data === null) {
      if (name === 'root') return (element) => element.depth === 1;
      if (name === 'first-child') return this.#byIndex((index) => index === 0);
      if (name === 'first-of-type') return this.#byIndexOfType((index) => index === 0);
      return undecided(token);
    }
    if (name !== 'nth-child' && name !== 'nth-of-type') return undecided(token);
    const rule = nthCheck(data);
    // css-select lets a rule that all fulfil hold for children of elements only.
    if (rule === EVERY) return (element) => element.depth > 1;
    return name === 'nth-child' ? this.#byIndex(rule) : this.#byIndexOfType(rule);
  }

  #byIndex(rule: (index: number) => boolean): ElementTest {
    this.#context.uses.index = true;
    return (element) => rule(element.index);
  }

  #byIndexOfType(rule: (index: number) => boolean): ElementTest {
    this.#context.uses.indexOfType = true;
    return (element) => rule(element.indexOfType);
  }

  /** The selectors in the brackets of `:is` and `:not`. */
  #anyOf(selectors: readonly (readonly Selector[])[]): ElementTest {
    const tests = selectors.map((tokens): ElementTest => {
      const compounds = compoundsOf(tokens);
      const [only] = compounds;
      if (!only || only.relation !== Relation.none || includesScope(tokens)) return undecided(tokens[0]);
      if (compounds.length === 1) {
        const one = this.#compound(only.tokens);
        return (element) => (one.name === ANY || one.name === element.name) && one.tests.every((test) => test(element));
      }
      if (!this.#allowsPaths) return undecided(tokens[0]);
      const path = this.#path(compounds, { target: NONE, findsScope: false });
      return (element) => element.hasPath(path);
    });
    return (element) => tests.some((test) => test(element));
  }
}

function parsed(selector: string): Selector[][] {
  try {
    return parse(selector);
  } catch (error) {
    // Selectors are checked where the scraper is defined; what cannot be read here is for the tree to complain about.
    throw new Undecided(selector, { cause: error });
  }
}

function compoundsOf(tokens: readonly Selector[]): Compound[] {
  const compounds: Compound[] = [];
  let relation: number = Relation.none;
  let one: Compound | undefined;
  for (const token of tokens) {
    const traversal = RELATIONS.get(token.type);
    if (traversal === undefined) {
      if (!one) compounds.push((one = { relation, tokens: [] }));
      one.tokens.push(token);
    } else {
      relation = traversal;
      one = undefined;
    }
  }
  // `ul >` is any child of a list.
  if (!one && relation !== Relation.none) compounds.push({ relation, tokens: [] });
  return compounds;
}

function isPseudo(token: Selector | undefined, name: string): boolean {
  return token?.type === SelectorType.Pseudo && token.name === name;
}

function includesScope(tokens: readonly Selector[]): boolean {
  return tokens.some((token) => isPseudo(token, 'scope'));
}

function undecided(token: Selector | undefined): never {
  throw new Undecided(token ? JSON.stringify(token) : 'nothing');
}
