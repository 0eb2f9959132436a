import { unknownName } from '../job/nearest-name.ts';
import { checkMap, checkSelector } from './check-fields.ts';
import { isField, isList } from './extract.ts';
import type { FieldMap, NestedMap } from './extract-types.ts';
import type { Place } from './faults.ts';
import { parserNames, type ParserName } from './page-tree.ts';
import { isRecord, shown } from './scraper-options.ts';

export const pageOptionNames = ['parse', 'extract', 'each', 'follow', 'schema', 'parser'] as const;
/** A name stands in results, input files and requests; one of digits would also come before all others in an object's order. */
export const PAGE_NAME = /^[A-Za-z][\w-]{0,49}$/;

/** Checks the page types of a scraper. */
export function checkPages(place: Place, pages: unknown): void {
  if (!isRecord(pages) || Object.keys(pages).length === 0)
    return place.fault(`must be an object with at least one page type, not ${shown(pages)}.`);
  for (const [name, page] of Object.entries(pages)) {
    if (!PAGE_NAME.test(name)) place.at(name).fault('is no name for a page type: letters, digits, - and _, a letter first.');
    checkPage(place.at(name), page, Object.keys(pages));
  }
}

function checkPage(place: Place, page: unknown, pageNames: readonly string[]): void {
  if (!isRecord(page)) return place.fault(`must be an object with parse or extract, not ${shown(page)}.`);
  for (const name of Object.keys(page)) {
    if (!pageOptionNames.includes(name as 'parse')) place.unknown(name, unknownName(name, pageOptionNames));
  }
  const { parse, extract, each, follow, schema, parser } = page;
  checkParser(place.at('parser'), parser);
  if (parse !== undefined && typeof parse !== 'function') place.at('parse').fault(`must be a generator function, not ${shown(parse)}.`);
  if (parse !== undefined && (extract !== undefined || follow !== undefined || each !== undefined)) {
    const other = extract === undefined ? 'follow or each' : 'extract';
    place.fault(`has both parse and ${other}: inside of parse, yield extract({ … }) and follow(…).`);
  }
  if (parse === undefined && extract === undefined && follow === undefined) place.fault('needs parse, extract or follow.');
  if (extract !== undefined) checkMap(place.at('extract'), extract);
  if (each !== undefined) checkSelector(place.at('each'), each);
  if (each !== undefined && extract === undefined)
    place.at('each').fault('says where the fields of extract are looked up, and there is no extract.');
  if (follow !== undefined) checkFollow(place.at('follow'), follow, pageNames);
  if (schema !== undefined && typeof standardOf(schema)?.['validate'] !== 'function')
    place.at('schema').fault(`must be a Standard Schema (zod, valibot, arktype …), not ${shown(schema)}.`);
}

export function checkParser(place: Place, value: unknown): void {
  if (value !== undefined && !parserNames.includes(value as ParserName))
    place.fault(`must be ${parserNames.map((name) => `"${name}"`).join(' or ')}, not ${shown(value)}.`);
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

function checkFollow(place: Place, follow: unknown, pageNames: readonly string[]): void {
  if (!isRecord(follow) || Object.keys(follow).length === 0)
    return place.fault(`must be an object of selectors and page types, not ${shown(follow)}.`);
  for (const [selector, name] of Object.entries(follow)) {
    checkSelector(place.at(selector), selector);
    if (typeof name !== 'string' || !pageNames.includes(name))
      place.at(selector).fault(`names no page type: ${typeof name === 'string' ? unknownName(name, pageNames) : shown(name)}`);
  }
}
