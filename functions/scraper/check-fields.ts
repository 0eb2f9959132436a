import { load, type CheerioAPI } from 'cheerio/slim';
import { unknownName } from '../job/nearest-name.ts';
import { conversions } from './convert.ts';
import type { Place } from './faults.ts';
import { isRecord, shown } from './scraper-options.ts';

export const fieldNames = ['selector', 'attr', 'value', 'match', 'as', 'locale', 'format', 'required', 'count', 'limit'] as const;
/** All that a count may have. */
const COUNT_NAMES: ReadonlySet<string> = new Set(['selector', 'count']);
export const conversionNames: readonly string[] = Object.keys(conversions);
/** Maps inside maps: no item is meant to be deeper, and a map that holds itself ends here. */
const MAX_MAP_DEPTH = 20;

/** Checks a map of fields: names, forms, selectors, conversions. */
export function checkMap(place: Place, map: unknown, depth = 0): void {
  if (!isRecord(map) || Object.keys(map).length === 0) place.fault(`must be an object of fields, not ${shown(map)}.`);
  else if (depth > MAX_MAP_DEPTH) place.fault(`nests maps more than ${MAX_MAP_DEPTH} deep.`);
  else for (const [name, spec] of Object.entries(map)) checkSpec(place.at(name), spec, depth);
}

function checkSpec(place: Place, spec: unknown, depth: number): void {
  if (typeof spec === 'function') return;
  if (typeof spec === 'string') checkSelector(place, spec);
  else if (Array.isArray(spec)) {
    const one: unknown = spec[0];
    const isOne = spec.length === 1 && (typeof one === 'string' || (isRecord(one) && typeof one['selector'] === 'string'));
    if (isRecord(one) && isOne) checkListed(place.at(0), one, depth);
    else if (isOne) checkSpec(place.at(0), one, depth);
    else place.fault(`must be a list of one selector or field, ['.tag'] for all matches, not ${shown(spec)}.`);
  } else if (isRecord(spec) && typeof spec['selector'] === 'string') checkField(place, spec, depth);
  else if (isRecord(spec)) checkMap(place, spec, depth + 1);
  else place.fault(`must be a selector, a field, a list, a function or a map, not ${shown(spec)}.`);
}

/** A field of a list. */
function checkListed(place: Place, field: Record<string, unknown>, depth: number): void {
  const { limit, ...rest } = field;
  if (limit !== undefined && !(Number.isSafeInteger(limit) && (limit as number) >= 1))
    place.at('limit').fault(`must be a whole number of values, 1 at least, not ${shown(limit)}.`);
  if (rest['count'] === true) place.at('count').fault('gives one number and no list: leave out the brackets around the field.');
  checkField(place, rest, depth);
}

function checkField(place: Place, field: Record<string, unknown>, depth: number): void {
  for (const name of Object.keys(field)) {
    if (!fieldNames.includes(name as 'selector')) place.unknown(name, unknownName(name, fieldNames));
  }
  const { selector, attr, value, match, as, locale, format, required, count, limit } = field;
  checkSelector(place.at('selector'), selector);
  if (attr !== undefined && (typeof attr !== 'string' || attr === ''))
    place.at('attr').fault(`must be the name of an attribute, not ${shown(attr)}.`);
  if (attr !== undefined && value !== undefined) place.fault('has both attr and value: one says where the field comes from.');
  if (isRecord(value)) checkMap(place.at('value'), value, depth + 1);
  else if (value !== undefined && typeof value !== 'string' && typeof value !== 'function')
    place.at('value').fault(`must be a property, a map or a function, not ${shown(value)}.`);
  if (match !== undefined && !(match instanceof RegExp)) place.at('match').fault(`must be a regular expression, not ${shown(match)}.`);
  if ((isRecord(value) || typeof value === 'function') && (match !== undefined || as !== undefined))
    place.fault('has a map or function as its value, which leaves nothing for match and as to work on.');
  checkConversion(place, as, locale, format);
  if (limit !== undefined) place.at('limit').fault('is for lists: put brackets around the field, [{ selector, limit }].');
  if (count !== undefined && typeof count !== 'boolean') place.at('count').fault(`must be true or false, not ${shown(count)}.`);
  const besides = count === true ? Object.keys(field).find((name) => !COUNT_NAMES.has(name) && name !== 'limit') : undefined;
  if (besides !== undefined) place.fault(`counts matches, which leaves nothing for ${besides} to do.`);
  if (required !== undefined && typeof required !== 'boolean') place.at('required').fault(`must be true or false, not ${shown(required)}.`);
}

function checkConversion(place: Place, as: unknown, locale: unknown, format: unknown): void {
  if (as !== undefined && typeof as !== 'function' && !conversionNames.includes(as as string)) {
    place.at('as').fault(`names no conversion: ${typeof as === 'string' ? unknownName(as, conversionNames) : shown(as)}`);
  }
  if (locale !== undefined && !isLocale(locale))
    place.at('locale').fault(`must be a language tag such as "de" or "fr-CA", not ${shown(locale)}.`);
  if (locale !== undefined && as !== 'number' && as !== 'date') place.at('locale').fault("is for as: 'number' and as: 'date'.");
  if (format !== undefined && (as !== 'date' || typeof format !== 'string' || !/y/.test(format)))
    place.at('format').fault(`is for as: 'date', with the letters of a numeric date such as "dd/MM/yyyy", not ${shown(format)}.`);
}

const NAME = String.raw`[A-Za-z][\w-]*`;
const PART = String.raw`(?:\.${NAME}|#${NAME}|\[${NAME}(?:[$^*]?=(?:"[^"\\\n]+"|${NAME}))?\])`;
const SIMPLE = `(?:[A-Za-z][A-Za-z0-9-]*${PART}*|${PART}+)`;
const PSEUDO = String.raw`(?::nth-child\([1-9]\d{0,5}\)|:has\(${SIMPLE}\)|:contains\("[\w .-]+"\))`;
const COMPOUND = `${SIMPLE}${PSEUDO}?`;
/**
 * Elements, classes, ids and attributes, each inside of the one before, and the commonest conditions on them: most selectors are that,
 * and whatever is that is right.
 */
export const PLAIN_SELECTOR = new RegExp(`^${COMPOUND}(?: (?:> )?${COMPOUND})*$`);

let empty: CheerioAPI | undefined;

/** A selector that cheerio cannot read is a fault in cheerio's own words. */
export function checkSelector(place: Place, selector: unknown): void {
  if (typeof selector !== 'string' || selector.trim() === '') return place.fault(`must be a CSS selector, not ${shown(selector)}.`);
  if (PLAIN_SELECTOR.test(selector)) return;
  try {
    (empty ??= load('')).root().find(selector);
  } catch (error) {
    const hint = /^\.?\/\/|\/@|\btext\(\)/.test(selector) ? ' It looks like XPath; write it as CSS.' : '';
    const why = error instanceof Error ? error.message : String(error);
    place.fault(`is no CSS selector: ${JSON.stringify(selector)}: ${why}.${hint}`);
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
