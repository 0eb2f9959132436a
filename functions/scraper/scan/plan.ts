import { isField, isList } from '../extract.ts';
import type { Field, FieldMap, FieldSpec, ListField, NestedMap } from '../extract-types.ts';
import { Program, type CompileContext, type Take, type Target } from './program.ts';
import { SelectorSteps } from './selector-steps.ts';
import { attributeName } from './tag-attributes.ts';
import { Undecided } from './undecided.ts';

/** How an item is put together from what a scan has found in one scope: the fields of a map, in its order. */
export type Plan = readonly PlannedField[];

export interface PlannedField {
  readonly name: string;
  readonly value: PlannedMap | PlannedValue;
}

/** A map inside of a map, of the same scope. */
export interface PlannedMap {
  readonly kind: 'map';
  readonly plan: Plan;
}

export interface PlannedValue {
  readonly kind: 'one' | 'all' | 'count';
  readonly field: ListField;
  /** The field's index in the program of its scope. */
  readonly target: number;
  /** Of the fields inside of its element. */
  readonly inner: Plan | undefined;
}

/** Gathers what is looked for in one scope. */
export class ProgramBuilder {
  readonly #context: CompileContext;
  readonly #steps: SelectorSteps;
  readonly #targets: Target[] = [];
  readonly #ofScope: number[] = [];
  readonly #isPage: boolean;

  /** @param isPage - whether the scope is the page itself and no element. */
  constructor(context: CompileContext, isPage: boolean) {
    this.#context = context;
    this.#isPage = isPage;
    this.#steps = new SelectorSteps(context, isPage);
  }

  /**
   * Adds what a selector finds: gives its index among the program's targets.
   *
   * @throws {Undecided} for a selector that cannot be decided going forward.
   */
  add(selector: string, take: Take, isListed: boolean, limit?: number): number {
    const target = this.#targets.push({ take, isList: isListed, limit }) - 1;
    if (selector !== ':scope') this.#steps.add(selector, target);
    else if (!this.#isPage) this.#ofScope.push(target);
    return target;
  }

  /** Adds the fields of a map. @throws {Undecided} for a field that needs the tree. */
  addMap(map: FieldMap | NestedMap): Plan {
    return Object.entries(map).flatMap(([name, spec]) => (spec === undefined ? [] : [{ name, value: this.#planned(spec) }]));
  }

  build(): Program {
    return new Program({ targets: this.#targets, ofScope: this.#ofScope, steps: this.#steps.steps, paths: this.#steps.paths });
  }

  #planned(spec: FieldSpec): PlannedMap | PlannedValue {
    if (typeof spec === 'string') return this.#value({ selector: spec }, 'one');
    if (typeof spec === 'function') throw new Undecided('a function of the tree');
    if (isList(spec)) {
      const [one = ''] = spec;
      return this.#value(typeof one === 'string' ? { selector: one } : one, 'all');
    }
    if (!isField(spec)) return { kind: 'map', plan: this.addMap(spec) };
    if (spec.count !== true) return this.#value(spec, 'one');
    return { kind: 'count', field: spec, target: this.add(spec.selector, { kind: 'count' }, true), inner: undefined };
  }

  #value(field: ListField, kind: 'one' | 'all'): PlannedValue {
    const { take, inner } = this.#take(field);
    // With a pattern, the first match that fits it is wanted, which may be any of them.
    const isAny = kind === 'all' || field.match !== undefined;
    return { kind, field, target: this.add(field.selector, take, isAny, surelyGives(field) ? field.limit : undefined), inner };
  }

  #take(field: Field): { readonly take: Take; readonly inner?: Plan } | { readonly take: Take; readonly inner: undefined } {
    if (field.attr !== undefined) return { take: { kind: 'attribute', name: attributeName(field.attr) }, inner: undefined };
    const { value } = field;
    if (typeof value === 'object') {
      const builder = new ProgramBuilder(this.#context, false);
      const inner = builder.addMap(value);
      return { take: { kind: 'scope', program: builder.build() }, inner };
    }
    switch (value) {
      case undefined:
      case 'textContent':
      case 'innerText':
        return { take: { kind: 'text', isInner: value === 'innerText' }, inner: undefined };
      case 'tagName':
        return { take: { kind: 'tagName' }, inner: undefined };
      case 'innerHTML':
      case 'outerHTML':
        throw new Undecided('markup is written from the tree');
      default:
        if (typeof value === 'function') throw new Undecided('a function of an element of the tree');
        return { take: { kind: 'attribute', name: attributeName(value) }, inner: undefined };
    }
  }
}

/** Whether whatever a field finds is a value, so that a list knows when it is full. */
function surelyGives({ match, as }: ListField): boolean {
  return match === undefined && (as === undefined || as === 'raw' || as === 'trim' || as === 'text');
}
