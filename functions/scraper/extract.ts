import type { CheerioAPI } from 'cheerio/slim';
import { convert } from './convert.ts';
import type { FileReference } from './downloads.ts';
import { longestMatch } from './explain-empty.ts';
import { asItStands, defaultConversion, ExtractionBounds, matched, missing } from './field-rules.ts';
import type { Field, FieldContext, FieldMap, FieldSpec, ListField, NestedMap } from './extract-types.ts';
import { collapse, readableText } from './page-text.ts';
import { selectorOf } from './selector.ts';
import type { RunContext } from './types.ts';
import type { AnyNode, ElementNode, Selection } from './page-tree.ts';

/** One page during extraction. */
export class Extraction {
  readonly #$: CheerioAPI;
  readonly #url: string;
  readonly #absolute: (address: string) => string | undefined;
  readonly #download: (address: string) => FileReference | undefined;
  readonly #onEmpty: RunContext['onEmpty'];
  readonly #bounds = new ExtractionBounds();

  constructor(page: {
    $: CheerioAPI;
    url: string;
    absolute: (address: string) => string | undefined;
    download: (address: string) => FileReference | undefined;
    onEmpty?: RunContext['onEmpty'];
  }) {
    this.#$ = page.$;
    this.#url = page.url;
    this.#absolute = page.absolute;
    this.#download = page.download;
    this.#onEmpty = page.onEmpty;
  }

  /**
   * Applies a map of fields to a document or element.
   *
   * @param place - the way to the map inside its item, for messages.
   * @throws {RequestError} `invalid-item` for a required field without a value, naming field and selector; `too-complex` beyond the bounds.
   */
  map(map: FieldMap | NestedMap, scope: Selection, place = ''): Record<string, unknown> {
    const item: Record<string, unknown> = {};
    for (const [name, spec] of Object.entries(map)) {
      if (spec === undefined) continue;
      const value = this.#spec(spec, scope, place === '' ? name : `${place}.${name}`);
      // Not by assignment: a field may be called __proto__.
      Object.defineProperty(item, name, { value, enumerable: true, configurable: true, writable: true });
    }
    return item;
  }

  #spec(spec: FieldSpec, scope: Selection, place: string): unknown {
    if (typeof spec === 'string') return this.#first({ selector: spec }, scope, place);
    if (typeof spec === 'function') return spec(this.#context(scope));
    if (isList(spec)) return this.#all(listed(spec), scope, place);
    if (!isField(spec)) return this.map(spec, scope, place);
    return spec.count === true ? this.#count(spec, scope, place) : this.#first(spec, scope, place);
  }

  #first(field: Field, scope: Selection, place: string): unknown {
    const element = field.match ? this.#firstFitting(field, field.match, scope) : this.#firstMatch(field.selector, scope);
    const value = element && this.#value(field, element, place);
    if (value === undefined && this.#onEmpty) this.#explain(field, scope, place, element);
    if (value === undefined && field.required) throw missing(place, field, element && this.#source(field, element));
    return value;
  }

  #count(field: Field, scope: Selection, place: string): number {
    const { length } = this.#matches(field.selector, scope);
    if (length === 0 && this.#onEmpty) this.#explain(field, scope, place, undefined);
    return length;
  }

  #explain(field: Field, scope: Selection, place: string, element: ElementNode | undefined): void {
    const found = element && this.#source(field, element);
    const matches = field.selector === ':scope' ? undefined : longestMatch(field.selector, scope);
    this.#onEmpty?.({
      field: place,
      selector: field.selector,
      ...(matches && { matches }),
      ...(found !== undefined && { found: collapse(found.slice(0, 500)).slice(0, 100) }),
    });
  }

  #all(field: ListField, scope: Selection, place: string): unknown[] {
    const values: unknown[] = [];
    for (const element of this.#matches(field.selector, scope)) {
      if (values.length === field.limit) break;
      const value = this.#value(field, element, `${place}.${values.length}`);
      // A match without a value leaves no hole in the list (cheerio's extract does the same).
      if (value !== undefined && value !== null) values.push(value);
    }
    if (values.length === 0 && this.#onEmpty) this.#explain(field, scope, place, this.#firstMatch(field.selector, scope));
    if (values.length === 0 && field.required) throw missing(place, field, undefined);
    return values;
  }

  #firstMatch(selector: string, scope: Selection): ElementNode | undefined {
    return selector === ':scope' ? scope.toArray().find(isElement) : selectorOf(selector).first(scope);
  }

  /** The first match whose text fits the pattern: of many scripts the one that says what is wanted. Without one, the first match. */
  #firstFitting(field: Field, pattern: RegExp, scope: Selection): ElementNode | undefined {
    const elements = this.#matches(field.selector, scope);
    const fitting = elements.find((element) => {
      const source = this.#source(field, element);
      return source !== undefined && matched(source, pattern) !== undefined;
    });
    return fitting ?? elements[0];
  }

  #matches(selector: string, scope: Selection): readonly ElementNode[] {
    return selector === ':scope' ? scope.toArray().filter(isElement) : selectorOf(selector).all(scope);
  }

  #value(field: Field, element: ElementNode, place: string): unknown {
    this.#bounds.countValue();
    if (typeof field.value === 'object') return this.map(field.value, this.#$(element), place);
    if (typeof field.value === 'function') return field.value(element, this.#context(this.#$(element)));
    const source = this.#source(field, element);
    if (source === undefined) return undefined;
    const text = field.match ? matched(source, field.match) : source;
    if (text === undefined || typeof text === 'object') return text;
    if (typeof field.as === 'function') return field.as(text, this.#context(this.#$(element)));
    return convert(field.as ?? defaultConversion(field), text, { ...field, absolute: this.#absolute, download: this.#download });
  }

  /** The text that a field is made of, before match and conversion. */
  #source(field: Field, element: ElementNode): string | undefined {
    return this.#bounds.counted(this.#read(field, element));
  }

  #read(field: Field, element: ElementNode): string | undefined {
    if (field.attr !== undefined) return attribute(element, field.attr);
    if (typeof field.value !== 'string') {
      return asItStands(field) ? (this.#$(element).prop('textContent') ?? undefined) : readableText(element, this.#bounds.charsLeft + 1);
    }
    switch (field.value) {
      case 'textContent':
      case 'innerText':
      case 'tagName':
        return this.#$(element).prop(field.value) ?? undefined;
      case 'innerHTML':
        return this.#$(element).html() ?? undefined;
      case 'outerHTML':
        return this.#$.html(element);
      case 'href':
      case 'src': {
        const address = attribute(element, field.value);
        return address === undefined ? undefined : (this.#absolute(address) ?? address);
      }
      default:
        return attribute(element, field.value);
    }
  }

  #context(scope: Selection): FieldContext {
    return { $: this.#$, scope, url: this.#url };
  }
}

export function isField(spec: Field | FieldMap | NestedMap): spec is Field {
  return typeof spec['selector'] === 'string';
}

/** The one entry of a list, written out; definitions are checked to have one. */
function listed(spec: readonly (string | ListField)[]): ListField {
  const [one = ''] = spec;
  return typeof one === 'string' ? { selector: one } : one;
}

export function isList(spec: FieldSpec): spec is readonly (string | ListField)[] {
  return Array.isArray(spec);
}

function attribute(element: ElementNode, name: string): string | undefined {
  return Object.hasOwn(element.attribs, name) ? element.attribs[name] : undefined;
}

function isElement(node: AnyNode): node is ElementNode {
  return 'attribs' in node;
}
