import { load } from 'cheerio/slim';
import { conversions } from './convert.ts';
import { isField, isList } from './extract.ts';
import type { FieldMap, NestedMap } from './extract-types.ts';
import { unknownName } from '../job/nearest-name.ts';
import { parserNames, type ParserName } from './page-tree.ts';
import { isRecord, shown } from './scraper-options.ts';

const PAGE_NAMES = ['parse', 'extract', 'each', 'follow', 'schema', 'parser'];
const FIELD_NAMES = ['selector', 'attr', 'value', 'match', 'as', 'locale', 'format', 'required'];
const CONVERSIONS = Object.keys(conversions);
/** Maps inside maps: no item is meant to be deeper, and a map that holds itself ends here. */
const MAX_MAP_DEPTH = 20;

/** Checks the page types of a scraper: names, forms, selectors, conversions. Adds one sentence per fault. */
export function checkPages(pages: unknown, faults: string[]): void {
  if (!isRecord(pages) || Object.keys(pages).length === 0) {
    faults.push(`pages must be an object with at least one page type, not ${shown(pages)}.`);
    return;
  }
  for (const [name, page] of Object.entries(pages)) {
    // A name stands in results, input files and requests; digits first would also come before all others in an object's order.
    if (!/^[A-Za-z][\w-]{0,49}$/.test(name))
      faults.push(`pages.${name}: a page type is named with letters, digits, - and _, a letter first.`);
    checkPage(`pages.${name}`, page, Object.keys(pages), faults);
  }
}

function checkPage(place: string, page: unknown, pageNames: readonly string[], faults: string[]): void {
  if (!isRecord(page)) {
    faults.push(`${place} must be an object with parse or extract, not ${shown(page)}.`);
    return;
  }
  for (const name of Object.keys(page)) {
    if (!PAGE_NAMES.includes(name)) faults.push(`Unknown option in ${place}: ${unknownName(name, PAGE_NAMES)}`);
  }
  const { parse, extract, each, follow, schema, parser } = page;
  if (parser !== undefined && !parserNames.includes(parser as ParserName)) faults.push(parserFault(`${place}.parser`, parser));
  if (parse !== undefined && typeof parse !== 'function') faults.push(`${place}.parse must be a generator function, not ${shown(parse)}.`);
  if (parse !== undefined && (extract !== undefined || follow !== undefined || each !== undefined)) {
    faults.push(
      `${place} has both parse and ${extract === undefined ? 'follow or each' : 'extract'}: inside of parse, yield extract({ … }) and follow(…).`,
    );
  }
  if (parse === undefined && extract === undefined && follow === undefined) faults.push(`${place} needs parse, extract or follow.`);
  if (extract !== undefined) checkMap(`${place}.extract`, extract, 0, faults);
  if (each !== undefined) checkSelector(`${place}.each`, each, faults);
  if (each !== undefined && extract === undefined)
    faults.push(`${place}.each says where the fields of extract are looked up, and there is no extract.`);
  if (follow !== undefined) checkFollow(`${place}.follow`, follow, pageNames, faults);
  if (schema !== undefined && typeof standardOf(schema)?.['validate'] !== 'function') {
    faults.push(`${place}.schema must be a Standard Schema (zod, valibot, arktype …), not ${shown(schema)}.`);
  }
}

export function parserFault(place: string, value: unknown): string {
  return `${place} must be ${parserNames.map((name) => `"${name}"`).join(' or ')}, not ${shown(value)}.`;
}

/** Whether any field of a map is a download. */
export function downloadsFiles(map: FieldMap | NestedMap): boolean {
  return Object.values(map).some((spec): boolean => {
    const one = spec !== undefined && isList(spec) ? spec[0] : spec;
    if (typeof one !== 'object') return false;
    if (!isField(one)) return downloadsFiles(one);
    return one.as === 'file' || (typeof one.value === 'object' && downloadsFiles(one.value));
  });
}

/** A schema may be a function (arktype), so its one known property is read from either. */
function standardOf(schema: unknown): Record<string, unknown> | undefined {
  const standard: unknown =
    (typeof schema === 'object' || typeof schema === 'function') && schema !== null ? Reflect.get(schema, '~standard') : undefined;
  return isRecord(standard) ? standard : undefined;
}

function checkFollow(place: string, follow: unknown, pageNames: readonly string[], faults: string[]): void {
  if (!isRecord(follow) || Object.keys(follow).length === 0) {
    faults.push(`${place} must be an object of selectors and page types, not ${shown(follow)}.`);
    return;
  }
  for (const [selector, name] of Object.entries(follow)) {
    checkSelector(place, selector, faults);
    if (typeof name !== 'string' || !pageNames.includes(name)) {
      faults.push(`${place}[${JSON.stringify(selector)}] names no page type: ${unknownName(String(name), pageNames)}`);
    }
  }
}

function checkMap(place: string, map: unknown, depth: number, faults: string[]): void {
  if (!isRecord(map) || Object.keys(map).length === 0) {
    faults.push(`${place} must be an object of fields, not ${shown(map)}.`);
    return;
  }
  if (depth > MAX_MAP_DEPTH) {
    faults.push(`${place.slice(0, 200)}… nests maps more than ${MAX_MAP_DEPTH} deep.`);
    return;
  }
  for (const [name, spec] of Object.entries(map)) checkSpec(`${place}.${name}`, spec, depth, faults);
}

function checkSpec(place: string, spec: unknown, depth: number, faults: string[]): void {
  if (typeof spec === 'function') return;
  if (typeof spec === 'string') checkSelector(place, spec, faults);
  else if (Array.isArray(spec)) {
    const one: unknown = spec[0];
    const isOne = spec.length === 1 && (typeof one === 'string' || (isRecord(one) && typeof one['selector'] === 'string'));
    if (isOne) checkSpec(place, one, depth, faults);
    else faults.push(`${place} must be a list of one selector or field, ['.tag'] for all matches, not ${shown(spec)}.`);
  } else if (isRecord(spec) && typeof spec['selector'] === 'string') checkField(place, spec, depth, faults);
  else if (isRecord(spec)) checkMap(place, spec, depth + 1, faults);
  else faults.push(`${place} must be a selector, a field, a list, a function or a map, not ${shown(spec)}.`);
}

function checkField(place: string, field: Record<string, unknown>, depth: number, faults: string[]): void {
  for (const name of Object.keys(field)) {
    if (!FIELD_NAMES.includes(name)) faults.push(`Unknown option in ${place}: ${unknownName(name, FIELD_NAMES)}`);
  }
  checkSelector(`${place}.selector`, field['selector'], faults);
  const { attr, value, match, as, locale, format, required } = field;
  if (attr !== undefined && (typeof attr !== 'string' || attr === ''))
    faults.push(`${place}.attr must be the name of an attribute, not ${shown(attr)}.`);
  if (attr !== undefined && value !== undefined) faults.push(`${place} has both attr and value: one says where the field comes from.`);
  if (isRecord(value)) checkMap(`${place}.value`, value, depth + 1, faults);
  else if (value !== undefined && typeof value !== 'string' && typeof value !== 'function') {
    faults.push(`${place}.value must be a property, a map or a function, not ${shown(value)}.`);
  }
  if (match !== undefined && !(match instanceof RegExp)) faults.push(`${place}.match must be a regular expression, not ${shown(match)}.`);
  if ((isRecord(value) || typeof value === 'function') && (match !== undefined || as !== undefined)) {
    faults.push(`${place} has a map or function as its value, which leaves nothing for match and as to work on.`);
  }
  if (as !== undefined && typeof as !== 'function' && !CONVERSIONS.includes(as as string)) {
    faults.push(`${place}.as names no conversion: ${typeof as === 'string' ? unknownName(as, CONVERSIONS) : shown(as)}`);
  }
  if (locale !== undefined && !isLocale(locale))
    faults.push(`${place}.locale must be a language tag such as "de" or "fr-CA", not ${shown(locale)}.`);
  if (locale !== undefined && as !== 'number' && as !== 'date') faults.push(`${place}.locale is for as: 'number' and as: 'date'.`);
  if (format !== undefined && (as !== 'date' || typeof format !== 'string' || !/y/.test(format))) {
    faults.push(`${place}.format is for as: 'date', with the letters of a numeric date such as "dd/MM/yyyy", not ${shown(format)}.`);
  }
  if (required !== undefined && typeof required !== 'boolean')
    faults.push(`${place}.required must be true or false, not ${shown(required)}.`);
}

const empty = load('');

/** @returns nothing; a selector that cheerio cannot read is a fault in cheerio's own words. */
function checkSelector(place: string, selector: unknown, faults: string[]): void {
  if (typeof selector !== 'string' || selector.trim() === '') {
    faults.push(`${place} must be a CSS selector, not ${shown(selector)}.`);
    return;
  }
  try {
    empty.root().find(selector);
  } catch (error) {
    const hint = /^\.?\/\/|\/@|\btext\(\)/.test(selector) ? ' It looks like XPath; write it as CSS.' : '';
    faults.push(
      `${place} is no CSS selector: ${JSON.stringify(selector)}: ${error instanceof Error ? error.message : String(error)}.${hint}`,
    );
  }
}

function isLocale(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    return Intl.getCanonicalLocales(value).length === 1;
  } catch {
    // RangeError: no BCP 47 tag.
    return false;
  }
}
