import type { Cheerio, CheerioAPI } from 'cheerio/slim';
import type { Json } from '../job/request.ts';
import type { FileReference } from './downloads.ts';
import type { AnyNode, ElementNode } from './page-tree.ts';

/** Conversions by name; each takes the text of a field and gives undefined where the text is none of its kind. */
export interface Conversions {
  /** As it stands, for fields whose white space counts. */
  raw: string;
  /** Ends trimmed, lines kept. */
  trim: string;
  /** White space collapsed to single spaces, ends trimmed. */
  text: string;
  number: number;
  boolean: boolean;
  /** ISO 8601. */
  date: string;
  /** Absolute http(s) URL in normal form. */
  url: string;
  json: Json;
  /** Has the address downloaded: the file's URL and object key. */
  file: FileReference;
}
export type Conversion = keyof Conversions;

/** What a function among the fields sees. */
export interface FieldContext {
  readonly $: CheerioAPI;
  /** What the map is applied to: the document, or the element of a nested map. */
  readonly scope: Cheerio<AnyNode>;
  /** The page's URL, after redirects. */
  readonly url: string;
}

/** One value of an item, written out. */
export interface Field {
  /** CSS, as cheerio takes it; `:scope` is the element that the map is applied to. */
  readonly selector: string;
  /** An attribute as it stands in the page, instead of the text. */
  readonly attr?: string;
  /**
   * Another property of the element: `textContent`, `innerText`, `innerHTML`, `outerHTML`, `tagName`, or an attribute (`href` and `src` are
   * made absolute); a map for a nested object; or a function of the element.
   */
  readonly value?: string | FieldMap | ((element: ElementNode, context: FieldContext) => unknown);
  /**
   * Takes the first of the selector's matches whose text fits, and keeps the first group, all named groups as an object, or the whole
   * match; where none fits the field is empty.
   */
  readonly match?: RegExp;
  /** Conversion by name, or a function of the text. */
  readonly as?: Conversion | ((text: string, context: FieldContext) => unknown);
  /** BCP 47, for numbers and dates: `de`, `fr-CA`. Absent: numbers by their shape, dates in English. */
  readonly locale?: string;
  /** Order of a numeric date: letters d, M, y (and H, m, s) as in `dd/MM/yyyy`. */
  readonly format?: string;
  /** An item without this field is `invalid-item`. */
  readonly required?: boolean;
  /** The number of matches is the value; stands beside the selector only. */
  readonly count?: boolean;
}

/** What a list is made of. */
export interface ListField extends Field {
  /** Keeps the first so many values; at least 1. */
  readonly limit?: number;
}

/** A selector's first match, a field, all matches as a list, a function, or a map of the same. */
export type FieldSpec = string | Field | readonly (string | ListField)[] | ((context: FieldContext) => unknown) | NestedMap;
export interface FieldMap {
  readonly [name: string]: FieldSpec;
}
/** A map inside of a map: what has a selector is a field. */
export interface NestedMap {
  readonly [name: string]: FieldSpec | undefined;
  readonly selector?: undefined;
}

/** The item that a map gives. */
export type ItemFrom<M> = { -readonly [K in keyof M]: ValueFrom<M[K]> };

type ValueFrom<S> = S extends string
  ? string | undefined
  : S extends readonly (infer One)[]
    ? NonNullable<ValueFrom<One>>[]
    : S extends (...context: never) => infer R
      ? R
      : S extends { readonly selector: string }
        ? OneFrom<S> | (S extends { readonly required: true } | { readonly count: true } ? never : undefined)
        : ItemFrom<S>;

type OneFrom<F> = F extends { readonly count: true }
  ? number
  : F extends { readonly as: infer A }
    ? A extends Conversion
      ? Conversions[A]
      : A extends (...text: never) => infer R
        ? R
        : string
    : F extends { readonly value: infer V }
      ? V extends (...element: never) => infer R
        ? R
        : V extends string
          ? string
          : ItemFrom<V>
      : F extends { readonly match: RegExp }
        ? string | Record<string, string>
        : string;
