import type { CheerioAPI } from 'cheerio/slim';
import { convert } from '../convert.ts';
import type { FileReference } from '../downloads.ts';
import type { Field, FieldContext } from '../extract-types.ts';
import { asItStands, defaultConversion, ExtractionBounds, matched, missing } from '../field-rules.ts';
import type { AnyNode } from '../page-tree.ts';
import { MatchCount, type Found, type Scope } from './matcher.ts';
import type { Plan, PlannedValue } from './plan.ts';
import type { TextPieces } from './text-pieces.ts';

/** What fields need of the page besides what was found. */
export interface ExtractionPage {
  readonly url: string;
  readonly absolute: (address: string) => string | undefined;
  readonly download: (address: string) => FileReference | undefined;
  /** The page's tree, for a conversion of the scraper's own that asks for it. */
  readonly tree: () => CheerioAPI;
}

/** Makes items of what a scan has found: the counterpart of `Extraction`, which makes them of a tree. */
export class ScannedExtraction {
  readonly #page: ExtractionPage;
  readonly #pieces: TextPieces;
  #elements: readonly AnyNode[] | undefined;
  readonly #bounds = new ExtractionBounds();

  constructor(page: ExtractionPage, pieces: TextPieces) {
    this.#page = page;
    this.#pieces = pieces;
  }

  /** @throws {RequestError} as `Extraction.map`, with the same codes and messages. */
  map(plan: Plan, scope: Scope, place = ''): Record<string, unknown> {
    const item: Record<string, unknown> = {};
    for (const { name, value } of plan) {
      const at = place === '' ? name : `${place}.${name}`;
      const made = value.kind === 'map' ? this.map(value.plan, scope, at) : this.#planned(value, scope.found[value.target], at);
      // Not by assignment: a field may be called __proto__.
      Object.defineProperty(item, name, { value: made, enumerable: true, configurable: true, writable: true });
    }
    return item;
  }

  #planned(planned: PlannedValue, found: Found | Found[] | MatchCount | undefined, place: string): unknown {
    if (found instanceof MatchCount) return found.matches;
    return planned.kind === 'all' && Array.isArray(found) ? this.#all(planned, found, place) : this.#one(planned, found, place);
  }

  #one(planned: PlannedValue, found: Found | Found[] | undefined, place: string): unknown {
    const { field } = planned;
    const one = Array.isArray(found) ? this.#firstFitting(field, found) : found;
    const value = one && this.#value(planned, one, place);
    if (value === undefined && field.required) throw missing(place, field, one && this.#source(field, one));
    return value;
  }

  #all(planned: PlannedValue, found: readonly Found[], place: string): unknown[] {
    const values: unknown[] = [];
    for (const one of found) {
      if (values.length === planned.field.limit) break;
      const value = this.#value(planned, one, `${place}.${values.length}`);
      if (value !== undefined && value !== null) values.push(value);
    }
    if (values.length === 0 && planned.field.required) throw missing(place, planned.field, undefined);
    return values;
  }

  /** The first match whose text fits the pattern; without one, the first match. */
  #firstFitting(field: Field, found: readonly Found[]): Found | undefined {
    const fitting = found.find((one) => {
      const source = this.#source(field, one);
      return source !== undefined && field.match !== undefined && matched(source, field.match) !== undefined;
    });
    return fitting ?? found[0];
  }

  #value({ field, inner }: PlannedValue, found: Found, place: string): unknown {
    this.#bounds.countValue();
    if (inner && found.scope) return this.map(inner, found.scope, place);
    const source = this.#source(field, found);
    if (source === undefined) return undefined;
    const text = field.match ? matched(source, field.match) : source;
    if (text === undefined || typeof text === 'object') return text;
    if (typeof field.as === 'function') return field.as(text, this.#context(found));
    return convert(field.as ?? defaultConversion(field), text, { ...field, absolute: this.#page.absolute, download: this.#page.download });
  }

  /** The text that a field is made of, before match and conversion. */
  #source(field: Field, found: Found): string | undefined {
    return this.#bounds.counted(this.#read(field, found));
  }

  #read(field: Field, { value, from = 0, to = 0 }: Found): string | undefined {
    if (field.attr !== undefined) return value;
    switch (field.value) {
      case undefined:
        return asItStands(field) ? this.#pieces.all(from, to) : this.#pieces.readable(from, to, this.#bounds.charsLeft + 1);
      case 'textContent':
        return this.#pieces.all(from, to);
      case 'innerText':
        return this.#pieces.withoutCode(from, to);
      case 'href':
      case 'src':
        return value === undefined ? undefined : (this.#page.absolute(value) ?? value);
      default:
        return value;
    }
  }

  /** For a function among the conversions; the tree is built if it looks at it. */
  #context({ ordinal }: Found): FieldContext {
    const { tree, url } = this.#page;
    const element = (): AnyNode | undefined => {
      this.#elements ??= tree()('*').toArray();
      return this.#elements[ordinal];
    };
    return {
      get $() {
        return tree();
      },
      get scope() {
        const one = element();
        return one ? tree()(one) : tree()([]);
      },
      url,
    };
  }
}
