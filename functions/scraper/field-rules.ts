import { RequestError } from '../job/errors.ts';
import type { Conversion, Field } from './extract-types.ts';
import { collapse } from './page-text.ts';
import { tooComplex } from './tree-limits.ts';

const MAX_EXTRACTED_CHARS = 50_000_000;
const MAX_VALUES = 1_000_000;

/** Bounds on what one page gives to extraction: nested lists over nested elements could repeat a page a thousandfold. */
export class ExtractionBounds {
  #chars = 0;
  #values = 0;

  get charsLeft(): number {
    return MAX_EXTRACTED_CHARS - this.#chars;
  }

  /** @throws {RequestError} `too-complex` for one value too many. */
  countValue(): void {
    if (++this.#values > MAX_VALUES) throw tooComplex(`gives more than ${MAX_VALUES} values`, 'a fixed bound');
  }

  /** @returns the text. @throws {RequestError} `too-complex` where all texts together are too long. */
  counted(text: string | undefined): string | undefined {
    this.#chars += text?.length ?? 0;
    if (this.#chars > MAX_EXTRACTED_CHARS)
      throw tooComplex(`gives more than ${MAX_EXTRACTED_CHARS} characters to its fields`, 'a fixed bound');
    return text;
  }
}

/** Text is cleaned; what the scraper names as a property or cuts out with `match` stays as it is. */
export function defaultConversion(field: Field): Conversion {
  return field.value === undefined && field.attr === undefined ? 'text' : 'raw';
}

/** Whether a field is made of all text of an element, and not of what a reader sees. */
export function asItStands(field: Field): boolean {
  return field.match !== undefined || field.as === 'raw' || field.as === 'trim' || field.as === 'json';
}

/** What a pattern cuts out of a text: its named groups, its first group or all of it. */
export function matched(text: string, pattern: RegExp): string | Record<string, string> | undefined {
  pattern.lastIndex = 0;
  const found = pattern.exec(text);
  if (!found) return undefined;
  if (found.groups) return Object.fromEntries(Object.entries(found.groups).filter(([, value]) => value !== undefined));
  return found.length > 1 ? found[1] : found[0];
}

/** What a required field lacks: a match, or a value in the text that was found. */
export function missing(place: string, field: Field, found: string | undefined): RequestError {
  const where = `Field ${place} is required, but its selector ${JSON.stringify(field.selector)} finds`;
  if (found === undefined)
    return new RequestError('invalid-item', `${where} nothing${field.attr === undefined ? '' : ` with attribute ${field.attr}`}.`);
  const kind = typeof field.as === 'string' ? field.as : 'value';
  const why = field.match && matched(found, field.match) === undefined ? `does not match ${field.match}` : `gives no ${kind}`;
  return new RequestError('invalid-item', `${where} ${JSON.stringify(collapse(found.slice(0, 200)).slice(0, 80))}, which ${why}.`);
}
