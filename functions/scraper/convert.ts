import type { FileReference } from './downloads.ts';
import type { Conversion, Conversions } from './extract-types.ts';
import { parseDate } from './convert-date.ts';
import { parseNumber } from './convert-number.ts';
import { collapse } from './page-text.ts';

export interface ConvertOptions {
  readonly locale?: string | undefined;
  readonly format?: string | undefined;
  /** Resolves an address against the page. */
  readonly absolute: (address: string) => string | undefined;
  readonly download?: (address: string) => FileReference | undefined;
}

/** The conversions by name: each gives undefined where the text is none of its kind, and never throws. */
export const conversions: { readonly [C in Conversion]: (text: string, options: ConvertOptions) => Conversions[C] | undefined } = {
  raw: (text) => text,
  trim: (text) => text.trim(),
  text: collapse,
  number: (text, { locale }) => parseNumber(text, locale),
  boolean: parseBoolean,
  date: (text, { locale, format }) => parseDate(text, { locale, format }),
  url: (text, { absolute }) => absolute(text),
  file: (text, { download }) => download?.(text),
  json: (text) => {
    try {
      return JSON.parse(text) as Conversions['json'];
    } catch {
      // No JSON: the field is empty, and an error where it is required.
      return undefined;
    }
  },
};

export function convert(kind: Conversion, text: string, options: ConvertOptions): unknown {
  return conversions[kind](text, options);
}

const YES = new Set(['true', 'yes', 'y', 'on', '1', 'checked', 'in stock', 'available', '✓', '✔']);
const NO = new Set(['false', 'no', 'n', 'off', '0', '', 'out of stock', 'sold out', 'unavailable', '✗', '✘']);

/** Words for yes and no as pages write them; an empty text is a no, as an empty attribute such as `data-sale=""` is not meant by it. */
function parseBoolean(text: string): boolean | undefined {
  const word = collapse(text).toLowerCase();
  if (YES.has(word)) return true;
  return NO.has(word) ? false : undefined;
}
