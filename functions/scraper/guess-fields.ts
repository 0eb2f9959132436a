import type { CheerioAPI } from 'cheerio/slim';
import { parseDate } from './convert-date.ts';
import type { Field } from './extract-types.ts';
import { lastingClasses, selfSelector } from './guess-selector.ts';
import { readableText } from './page-text.ts';
import type { ElementNode } from './page-tree.ts';

/** A field as a map holds it: what a scraper's source can be written from. */
export type GuessedField = string | Pick<Field, 'selector' | 'attr' | 'value' | 'as'> | readonly [string];

const MAX_FIELDS = 15;
const MAX_TEXT = 500;
/** Share of the items that must have a field. */
const COVERAGE = 0.5;

interface Found {
  readonly name: string;
  readonly field: GuessedField;
  /** What it gives for each item, as one text. */
  readonly values: readonly string[];
}

/** Guesses the fields of items that are alike: what most of them have, what differs, and what it means. */
export function guessFields($: CheerioAPI, items: readonly ElementNode[]): Record<string, GuessedField> {
  const fields: Record<string, GuessedField> = {};
  const seen = new Set<string>();
  for (const selector of selectorsIn($, items)) {
    for (const found of readings($, items, selector)) {
      const filled = found.values.filter((value) => value !== '').length;
      const key = found.values.join('\0');
      // What is the same everywhere is furniture; what another field says already is its wrapper or its twin.
      const isFurniture = items.length > 1 && new Set(found.values).size === 1;
      if (filled < items.length * COVERAGE || filled === 0 || isFurniture || seen.has(key)) continue;
      seen.add(key);
      let name = found.name;
      for (let n = 2; Object.hasOwn(fields, name); n++) name = `${found.name}${n}`;
      fields[name] = found.field;
      if (Object.keys(fields).length === MAX_FIELDS) return fields;
    }
  }
  return fields;
}

/** Selectors of the parts that say something: text of their own, a link, an image, a time. Headings first, then in the page's order. */
function selectorsIn($: CheerioAPI, items: readonly ElementNode[]): string[] {
  const counts = new Map<string, number>();
  for (const item of items) {
    const here = new Set<string>();
    for (const element of $(item).find('*').toArray()) if (isTelling(element)) here.add(selfSelector(element));
    for (const selector of here) counts.set(selector, (counts.get(selector) ?? 0) + 1);
  }
  const common = [...counts].filter(([, count]) => count >= items.length * COVERAGE).map(([selector]) => selector);
  return common.toSorted((a, b) => Number(/^h[1-6]/.test(b)) - Number(/^h[1-6]/.test(a)));
}

function isTelling(element: ElementNode): boolean {
  if (/^(script|style|br|hr|svg|path|button|input|option|label)$/.test(element.name)) return false;
  if (/^(img|a|time|h[1-6])$/.test(element.name)) return true;
  const isLeaf = element.children.every((child) => !('attribs' in child) || /^(b|i|em|strong|span|sup|sub|br)$/.test(child.name));
  return isLeaf && readableText(element, 2) !== '' && (lastingClasses(element).length > 0 || !/^(div|span)$/.test(element.name));
}

/** What a selector can be read as, most telling first. */
function readings($: CheerioAPI, items: readonly ElementNode[], selector: string): Found[] {
  const matches = items.map((item) => $(item).find(selector).toArray());
  const first = matches.map(([element]) => element);
  const tag = selector.split('.', 1)[0] ?? '';
  const name = nameOf(selector);
  const texts = first.map((element) => (element ? readableText(element, MAX_TEXT) : ''));
  const attribute = (attr: string) => first.map((element) => element?.attribs[attr] ?? '');
  if (tag === 'img') return [{ name: name === 'img' ? 'image' : name, field: { selector, value: 'src' }, values: attribute('src') }];
  if (tag === 'time' && attribute('datetime').some((value) => parseDate(value) !== undefined))
    return [{ name: name === 'time' ? 'date' : name, field: { selector, attr: 'datetime', as: 'date' }, values: attribute('datetime') }];
  // An image's link has no text of its own: it makes no list of the one link beside it.
  const filled = matches.map((all) => all.map((element) => readableText(element, MAX_TEXT)).filter((one) => one !== ''));
  const field = textField(selector, texts, filled);
  const values = Array.isArray(field) ? filled.map((all) => all.join('\n')) : texts;
  const text: Found = { name: textName(tag, name), field, values };
  if (tag !== 'a') return [text];
  return [text, { name: name === 'a' ? 'url' : `${name}Url`, field: { selector, attr: 'href', as: 'url' }, values: attribute('href') }];
}

/** @param all - for each item the texts of all matches that have one. */
function textField(selector: string, texts: readonly string[], all: readonly (readonly string[])[]): GuessedField {
  const several = all.filter((some) => new Set(some).size > 1).length;
  if (several > all.length / 3) return [selector];
  const filled = texts.filter((text) => text !== '');
  // A number with at most a currency or a unit around it: £12.80, 1.234,50 €, 12 kg.
  if (filled.every((text) => /^[^\d\n]{0,4}\d[\d.,'’ \u00a0\u202f]*[^\d\n]{0,4}$/.test(text))) return { selector, as: 'number' };
  return filled.every((text) => parseDate(text) !== undefined) ? { selector, as: 'date' } : selector;
}

function textName(tag: string, name: string): string {
  if (/^h[1-6]$/.test(name)) return 'title';
  return name === 'a' ? 'link' : name === tag ? 'text' : name;
}

/** A property's name from a class: `product-price` is `productPrice`. */
function nameOf(selector: string): string {
  const word = selector.slice(selector.indexOf('.') + 1);
  return word.replaceAll(/[-_]+([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase()).replaceAll(/[^A-Za-z0-9]/g, '');
}
