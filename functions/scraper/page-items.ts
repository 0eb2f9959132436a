import { RequestError } from '../job/errors.ts';
import type { Json } from '../job/request.ts';
import { shown } from './scraper-options.ts';

/**
 * Brings values into the form that they are written in, and away from the page: strings cut from a page keep the whole page in
 * memory for as long as they live (V8 slices), and so would a batch of small items hold every page it came from.
 */
export class PageItems {
  readonly #maxItems: number;
  readonly #maxChars: number;
  #count = 0;
  #chars = 0;

  constructor(limits: { readonly maxItems: number; readonly maxItemChars: number }) {
    this.#maxItems = limits.maxItems;
    this.#maxChars = limits.maxItemChars;
  }

  /**
   * Counts one more item before anything is done for it.
   *
   * @throws {RequestError} `parse` beyond limits.maxItems: an endless generator ends here.
   */
  admit(value: unknown): void {
    if (value === undefined || value === null || typeof value === 'function') {
      throw new RequestError(
        'invalid-item',
        `The page type yields ${shown(value)}, which is no item. Yield objects, follow(…), or nothing.`,
      );
    }
    if (++this.#count > this.#maxItems) {
      throw new RequestError('parse', `The page yields more than ${this.#maxItems} items (limits.maxItems).`);
    }
  }

  /**
   * A value as JSON sees it: dates as ISO text, `undefined` left out.
   *
   * @throws {RequestError} `invalid-item` for what JSON has no form for; `parse` beyond limits.maxItemChars.
   */
  detach(value: unknown): Json {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (error) {
      throw new RequestError('invalid-item', `An item cannot be written as JSON: ${firstLine(error)}`, { cause: error });
    }
    if (text === undefined) throw new RequestError('invalid-item', `An item cannot be written as JSON: ${shown(value)}.`);
    this.#chars += text.length;
    if (this.#chars > this.#maxChars) {
      throw new RequestError('parse', `The items of the page are longer than ${this.#maxChars} characters of JSON (limits.maxItemChars).`);
    }
    return JSON.parse(text) as Json;
  }
}

/** An error's message on one line, short enough for an error line. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `${shown(error)} was thrown`;
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
