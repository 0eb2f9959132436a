import { nameId, type NameTable } from './element-names.ts';
import type { ElementTest } from './element-test.ts';
import type { AttributeName } from './tag-attributes.ts';

/** What is taken from an element that a field's selector finds. */
export type Take =
  | { readonly kind: 'attribute'; readonly name: AttributeName }
  | { readonly kind: 'attributes' }
  | { readonly kind: 'tagName' }
  /** Name, attributes, text, and what is found inside of it. */
  | { readonly kind: 'element'; readonly inside: Program }
  /** Scripts and styles have none where it is what `innerText` gives. */
  | { readonly kind: 'text'; readonly isInner: boolean }
  /** A scope of its own, with its own fields. */
  | { readonly kind: 'scope'; readonly program: Program }
  /** Nothing: the matches are counted. */
  | { readonly kind: 'count' };

/** A field as a scan sees it: the first match of its selector, or all of them. */
export interface Target {
  readonly take: Take;
  readonly isList: boolean;
  /** How many matches of a list are enough, where each is sure to give a value. */
  readonly limit?: number | undefined;
}

/** How an element must stand to one that the path so far has led to. */
export const Relation = {
  /** It begins the path: anywhere in the scope. */
  none: 0,
  descendant: 1,
  child: 2,
  /** Right behind it, both of one parent. */
  adjacent: 3,
  sibling: 4,
  childOfScope: 5,
} as const;

/** Any name. */
export const ANY = -1;
/** No path and no field. */
export const NONE = -1;

/**
 * One compound selector of a path (`ul > li.new a` has three), tested on each element as it begins.
 *
 * An element that passes ends a path (`path`), from which the steps of elements behind it go on, or is what a field looks for.
 */
export interface Step {
  /** Number of the name that the element must have, or {@link ANY}. */
  readonly name: number;
  readonly tests: readonly ElementTest[];
  readonly relation: number;
  /** The path that this step goes on from. */
  readonly from: number;
  /** The path that it makes. */
  readonly path: number;
  /** The field that it finds an element for. */
  readonly target: number;
  /** Whether the scope's own element may be what is found. */
  readonly findsScope: boolean;
}

const HTML = nameId('html');

/** Everything to look for in one scope: the page, or an element with a map of its own. */
export class Program {
  readonly targets: readonly Target[];
  /** Fields of the scope's own element. */
  readonly ofScope: readonly number[];
  /** Words of 32 paths each; 0 where every selector is one compound. */
  readonly words: number;
  /** How many fields have enough at some point: of one value, or of a list with a limit. */
  readonly bounded: number;
  /** Whether it takes the whole page: for lists and counts, and for the html element, to which a later tag may add attributes. */
  readonly needsAll: boolean;
  readonly #byName: readonly (readonly Step[] | undefined)[];
  readonly #others: readonly Step[];

  constructor(parts: {
    readonly targets: readonly Target[];
    readonly ofScope: readonly number[];
    readonly steps: readonly Step[];
    readonly paths: number;
  }) {
    this.targets = parts.targets;
    this.ofScope = parts.ofScope;
    this.words = Math.ceil(parts.paths / 32);
    this.bounded = parts.targets.filter(({ isList, limit }) => !isList || limit !== undefined).length;
    this.needsAll = parts.targets.length > this.bounded || parts.steps.some(({ name, target }) => name === HTML && target !== NONE);
    this.#others = parts.steps.filter(({ name }) => name === ANY);
    const byName: Step[][] = [];
    for (const { name } of parts.steps) if (name !== ANY) byName[name] ??= parts.steps.filter((s) => s.name === name || s.name === ANY);
    this.#byName = Array.from(byName);
  }

  /** The steps that an element of a name may pass. */
  stepsFor(name: number): readonly Step[] {
    return this.#byName[name] ?? this.#others;
  }
}

/** What compiling a page type shares among its programs. */
export interface CompileContext {
  readonly names: NameTable;
  /** What the steps ask of the elements, which is counted only where it is asked for. */
  readonly uses: { index: boolean; indexOfType: boolean };
}
