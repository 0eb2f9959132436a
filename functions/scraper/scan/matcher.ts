import { nameId, Trait, traitsOf, type NameTable } from './element-names.ts';
import type { ElementAtHand } from './element-test.ts';
import type { PageChars } from './page-chars.ts';
import { NONE, Relation, type CompileContext, type Program, type Step } from './program.ts';
import type { ScanSink } from './scan-sink.ts';
import type { TagAttributes } from './tag-attributes.ts';
import { TextPieces } from './text-pieces.ts';
import { Undecided } from './undecided.ts';

const HTML = nameId('html');

/** Elements that fields may find on one page; beyond, the tree says what is wrong with it. */
const MAX_FOUND = 1_500_000;
/** Text in all that is found, in pieces and characters: texts inside of each other repeat a page a thousandfold, which takes a clock. */
const MAX_PIECES = 5_000_000;
const MAX_CHARS = 20_000_000;

/** What a field took from one element. */
export interface Found {
  /** How many elements begin before it. */
  readonly ordinal: number;
  /** The attribute or name asked for. */
  readonly value?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Name of an element that is taken whole. */
  readonly name?: string;
  /** Its text: a run of the page's {@link TextPieces}. */
  readonly from?: number;
  to?: number;
  /** The fields of its own scope. */
  readonly scope?: Scope;
}

/** Matches that are only counted. */
export class MatchCount {
  matches = 0;
  /** Several selectors of one field may fit an element, which counts once. */
  lastOrdinal = -1;
}

/** Numbers for each level of elements inside of a scope, one word each per 32 paths. */
const LEVEL = 4;
/** Paths that the level's open element ends; the same for it and all elements around it. */
const OWN = 0;
const AROUND = 1;
/** Paths that the child before the next one ends; the same for all children so far. */
const PREVIOUS = 2;
const EARLIER = 3;

/** A program at work on one element and what is inside of it, or on the page. */
export class Scope {
  readonly program: Program;
  /** Of its element; 0 for the page. */
  readonly depth: number;
  /** By field: what was found, a list where all are wanted. */
  readonly found: (Found | Found[] | MatchCount | undefined)[];
  #missing: number;
  #paths: Int32Array;

  constructor(program: Program, depth: number) {
    this.program = program;
    this.depth = depth;
    this.found = program.targets.map(({ take, isList }) => (take.kind === 'count' ? new MatchCount() : isList ? [] : undefined));
    this.#missing = program.bounded;
    this.#paths = new Int32Array(program.words * LEVEL * 8);
  }

  /** Nothing more can be found. */
  get isDone(): boolean {
    return this.#missing === 0 && !this.program.needsAll;
  }

  add(target: number, found: Found): void {
    const list = this.found[target];
    if (Array.isArray(list)) {
      const limit = this.program.targets[target]?.limit;
      // Of a list that has a limit, what gives no value is no match.
      if (limit !== undefined && isEmpty(found)) return;
      if (list.push(found) === limit) this.#missing--;
    } else {
      this.found[target] = found;
      this.#missing--;
    }
  }

  count(target: number, ordinal: number): void {
    const count = this.found[target];
    if (!(count instanceof MatchCount)) return;
    count.matches++;
    count.lastOrdinal = ordinal;
  }

  /** Tests an element, the scope's own first, and tells the matcher which fields have found it. */
  meet(matcher: Matcher): void {
    const { words } = this.program;
    const steps = this.program.stepsFor(matcher.name);
    const level = matcher.depth - this.depth;
    const own = level * words * LEVEL;
    if (words > 0) {
      if (own + words * LEVEL > this.#paths.length) this.#grow();
      this.#paths.fill(0, own, own + words * LEVEL);
      matcher.scope = this;
    }
    for (const step of steps) {
      if (step.target !== NONE && (!this.#wants(step.target, matcher.ordinal) || (level === 0 && !step.findsScope))) continue;
      if (!this.#isReached(step, level, own) || !passes(step, matcher)) continue;
      if (step.path !== NONE) this.#set(own + OWN * words, step.path);
      if (step.target !== NONE) {
        matcher.take(this, step.target);
        matcher.scope = this;
      }
    }
    if (words > 0) this.#settle(level, own, words);
  }

  hasPath(depth: number, path: number): boolean {
    return this.#has((depth - this.depth) * this.program.words * LEVEL, path);
  }

  #wants(target: number, ordinal: number): boolean {
    const found = this.found[target];
    if (found === undefined) return true;
    // Several selectors of one list may fit an element, which is found once.
    if (Array.isArray(found)) return found.at(-1)?.ordinal !== ordinal && found.length !== this.program.targets[target]?.limit;
    return found instanceof MatchCount && found.lastOrdinal !== ordinal;
  }

  #isReached(step: Step, level: number, own: number): boolean {
    if (step.relation === Relation.none) return true;
    if (step.relation === Relation.childOfScope) return level === 1;
    if (level === 0) return false;
    const { words } = this.program;
    const parent = own - words * LEVEL;
    switch (step.relation) {
      case Relation.descendant:
        return this.#has(parent + AROUND * words, step.from);
      case Relation.child:
        return this.#has(parent + OWN * words, step.from);
      case Relation.adjacent:
        return this.#has(parent + PREVIOUS * words, step.from);
      default:
        return this.#has(parent + EARLIER * words, step.from);
    }
  }

  /** Notes for the elements behind what this one is to them. */
  #settle(level: number, own: number, words: number): void {
    const paths = this.#paths;
    const parent = own - words * LEVEL;
    for (let i = 0; i < words; i++) {
      const ended = paths[own + i] ?? 0;
      paths[own + AROUND * words + i] = level === 0 ? ended : ended | (paths[parent + AROUND * words + i] ?? 0);
      if (level === 0) continue;
      paths[parent + PREVIOUS * words + i] = ended;
      paths[parent + EARLIER * words + i] = (paths[parent + EARLIER * words + i] ?? 0) | ended;
    }
  }

  #has(at: number, path: number): boolean {
    return ((this.#paths[at + (path >>> 5)] ?? 0) & (1 << (path & 31))) !== 0;
  }

  #set(at: number, path: number): void {
    const word = at + (path >>> 5);
    this.#paths[word] = (this.#paths[word] ?? 0) | (1 << (path & 31));
  }

  #grow(): void {
    const larger = new Int32Array(this.#paths.length * 2);
    larger.set(this.#paths);
    this.#paths = larger;
  }
}

/** Finds the elements of fields while a page is scanned, and keeps what they take from them. */
export class Matcher implements ScanSink, ElementAtHand {
  name = 0;
  depth = 0;
  index = 0;
  indexOfType = 0;
  /** Of the element at hand: how many began before it. */
  ordinal = -1;
  /** The scope that is testing. */
  scope: Scope;
  readonly attributes: TagAttributes;
  readonly page: Scope;
  readonly pieces: TextPieces;
  readonly #names: NameTable;
  readonly #uses: CompileContext['uses'];
  /** Scopes at work, the page first. */
  readonly #scopes: Scope[];
  /** What ends with an open element, inner ones last. */
  readonly #ending: { readonly depth: number; readonly found: Found; readonly charsBefore: number }[] = [];
  #endingDepth = -1;
  /** Texts that are being taken. */
  #recording: number;
  /** How long the texts of what was found are together. */
  #pieces = 0;
  #chars = 0;
  #count = 0;
  /** By depth: how many children an open element has so far, and how many of each name. */
  readonly #children: number[] = [0];
  readonly #childrenOfType: Map<number, number>[] = [new Map()];

  /** @param page.keepsText - whether the text of the whole page is wanted, not only that of what is found. */
  constructor(page: { program: Program; chars: PageChars; attributes: TagAttributes; context: CompileContext; keepsText?: boolean }) {
    this.attributes = page.attributes;
    this.page = new Scope(page.program, 0);
    this.scope = this.page;
    this.#scopes = [this.page];
    this.pieces = new TextPieces(page.chars);
    this.#names = page.context.names;
    this.#uses = page.context.uses;
    this.#recording = page.keepsText ? 1 : 0;
  }

  get done(): boolean {
    return this.page.isDone && this.#ending.length === 0;
  }

  hasPath(path: number): boolean {
    return this.scope.hasPath(this.depth, path);
  }

  open(name: number, depth: number): void {
    this.name = name;
    this.depth = depth;
    this.ordinal++;
    if (this.#uses.index || this.#uses.indexOfType) this.#countChild(name, depth);
    if (this.#recording > 0) this.pieces.open(traitsOf(name));
    // Scopes that this element begins test it as they are made.
    for (let i = 0, scopes = this.#scopes.length; i < scopes; i++) {
      const scope = this.#scopes[i];
      if (scope && !scope.isDone) scope.meet(this);
    }
  }

  close(name: number, depth: number): void {
    while (this.#endingDepth === depth) {
      const { found, charsBefore } = this.#ending.pop() ?? {};
      this.#endingDepth = this.#ending.at(-1)?.depth ?? -1;
      if (found?.scope) this.#scopes.pop();
      if (found?.from !== undefined) {
        found.to = this.pieces.next;
        this.#recording--;
        this.#pieces += (found.to - found.from) / 2;
        this.#chars += this.pieces.chars - (charsBefore ?? 0);
        if (this.#pieces > MAX_PIECES || this.#chars > MAX_CHARS) throw new Undecided('texts repeat too much of the page');
      }
    }
    if (this.#recording > 0) this.pieces.close(traitsOf(name));
  }

  text(start: number, end: number, kind: number): void {
    if (this.#recording > 0) this.pieces.text(start, end, kind);
  }

  /** No selector looks there. */
  blank(): void {}

  note(): void {}

  joinHtml(): void {
    // Fields have looked at the element without these attributes.
    if (this.page.program.stepsFor(HTML).length > 0) throw new Undecided('attributes of a further html tag');
  }

  /** Takes what a field wants of the element at hand. */
  take(scope: Scope, target: number): void {
    const take = scope.program.targets[target]?.take;
    const { ordinal } = this;
    if (take?.kind === 'count') {
      scope.count(target, ordinal);
      return;
    }
    if (++this.#count > MAX_FOUND) throw new Undecided('more is found than a page may give');
    switch (take?.kind) {
      case 'attribute':
        scope.add(target, { ordinal, value: this.attributes.value(take.name) });
        break;
      case 'attributes':
        scope.add(target, { ordinal, attributes: this.attributes.all() });
        break;
      case 'tagName':
        scope.add(target, { ordinal, value: this.#names.name(this.name).toUpperCase() });
        break;
      case 'text': {
        const found: Found = { ordinal, from: this.pieces.next, to: this.pieces.next };
        scope.add(target, found);
        if (!take.isInner || (traitsOf(this.name) & Trait.code) === 0) this.#record(found);
        break;
      }
      case 'element': {
        const inside = new Scope(take.inside, this.depth);
        const [name, from] = [this.#names.name(this.name), this.pieces.next];
        const found: Found = { ordinal, name, attributes: this.attributes.all(), from, to: from, scope: inside };
        scope.add(target, found);
        this.#record(found);
        this.#begin(inside);
        break;
      }
      case 'scope': {
        const inner = new Scope(take.program, this.depth);
        const found: Found = { ordinal, scope: inner };
        scope.add(target, found);
        this.#endsWithElement(found);
        this.#begin(inner);
      }
    }
  }

  #record(found: Found): void {
    this.#recording++;
    this.#endsWithElement(found);
  }

  #begin(scope: Scope): void {
    this.#scopes.push(scope);
    for (const own of scope.program.ofScope) this.take(scope, own);
    scope.meet(this);
  }

  #endsWithElement(found: Found): void {
    this.#ending.push({ depth: this.depth, found, charsBefore: this.pieces.chars });
    this.#endingDepth = this.depth;
  }

  #countChild(name: number, depth: number): void {
    this.index = this.#children[depth - 1] ?? 0;
    this.#children[depth - 1] = this.index + 1;
    this.#children[depth] = 0;
    if (!this.#uses.indexOfType) return;
    const siblings = this.#childrenOfType[depth - 1];
    this.indexOfType = siblings?.get(name) ?? 0;
    siblings?.set(name, this.indexOfType + 1);
    const children = this.#childrenOfType[depth];
    if (children) children.clear();
    else this.#childrenOfType[depth] = new Map();
  }
}

/** An attribute that the element does not have. */
function isEmpty({ value, from, attributes, scope }: Found): boolean {
  return value === undefined && from === undefined && attributes === undefined && scope === undefined;
}

function passes(step: Step, matcher: Matcher): boolean {
  for (const test of step.tests) if (!test(matcher)) return false;
  return true;
}
