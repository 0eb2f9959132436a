import { tryScraper } from './define-scraper.ts';
import { Place, type Fault } from './faults.ts';
import { badRecipe, readJson, type RecipeText } from './recipe-text.ts';
import { readYaml } from './recipe-yaml.ts';
import { isRecord, shown } from './scraper-options.ts';
import type { Scraper } from './types.ts';

/** Characters of a recipe: a long one has some hundred lines. */
const MAX_CHARS = 500_000;

/**
 * Reads a recipe: a scraper as data, of the same shape as what `defineScraper` takes, without functions and schemas. `match` is the text of
 * a regular expression, or `{ "pattern": …, "flags": … }`. Where it has no `name`, the file's name is its own.
 *
 * @param text - YAML where the source's name ends in `.yaml` or `.yml`, else JSON.
 * @param source - what messages call it: a file, an object key.
 * @param name - the scraper's name where the recipe gives none.
 * @throws {UsageError} code `bad-recipe`: all faults together, one a line, each with line and column.
 */
export function readRecipe(text: string, source: string, name: string): Scraper {
  if (text.length > MAX_CHARS) throw badRecipe(source, [`is longer than ${MAX_CHARS} characters.`]);
  const read = /\.ya?ml$/i.test(source) ? readYaml : readJson;
  const { data, placeOf } = read(text.replace(/^\ufeff/, ''), source);
  const faults: Fault[] = [];
  const definition = isRecord(data) ? definitionOf(faults, name, data) : data;
  const built = tryScraper(definition, source);
  if ('faults' in built) faults.push(...built.faults);
  if (faults.length > 0 || !('scraper' in built))
    throw badRecipe(
      source,
      inOrder(faults, placeOf).map((fault) => `${source}:${fault}`),
    );
  return built.scraper;
}

/** The recipe as a definition; `$schema` is for editors. */
function definitionOf(faults: Fault[], name: string, data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { $schema: _, ...rest } = data;
  return { name, ...rest, pages: readPages(new Place(faults, ['pages']), rest['pages']) };
}

/** Each fault behind its line and column, in the order of the text. */
function inOrder(faults: readonly Fault[], placeOf: RecipeText['placeOf']): string[] {
  return faults
    .map(({ path, message }) => ({ ...placeOf(path), message }))
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

/** Turns patterns into regular expressions, and says what only a file of code can have. */
function readPages(place: Place, pages: unknown): unknown {
  if (!isRecord(pages)) return pages;
  return mapRecord(pages, (name, page) => {
    if (!isRecord(page)) return page;
    for (const only of ['parse', 'schema']) {
      if (page[only] !== undefined) place.at(name).at(only).fault('is for scrapers in TypeScript: a recipe is data.');
    }
    const { parse: _, schema: __, ...rest } = page;
    return rest['extract'] === undefined ? rest : { ...rest, extract: readMap(place.at(name).at('extract'), rest['extract']) };
  });
}

function readMap(place: Place, map: unknown): unknown {
  return isRecord(map) ? mapRecord(map, (name, spec) => readSpec(place.at(name), spec)) : map;
}

function readSpec(place: Place, spec: unknown): unknown {
  if (Array.isArray(spec)) return spec.map((one, i) => readSpec(place.at(i), one));
  if (!isRecord(spec)) return spec;
  if (typeof spec['selector'] !== 'string') return readMap(place, spec);
  return {
    ...spec,
    ...(spec['match'] !== undefined && { match: readPattern(place.at('match'), spec['match']) }),
    ...(isRecord(spec['value']) && { value: readMap(place.at('value'), spec['value']) }),
  };
}

function readPattern(place: Place, given: unknown): RegExp | undefined {
  const { pattern, flags = '' } = isRecord(given) ? given : { pattern: given };
  if (typeof pattern !== 'string' || typeof flags !== 'string') {
    place.fault(`must be the text of a regular expression, or { "pattern": …, "flags": … }, not ${shown(given)}.`);
    return undefined;
  }
  try {
    return new RegExp(pattern, flags);
  } catch (error) {
    place.fault(`is no regular expression: ${error instanceof Error ? error.message : String(error)}.`);
    return undefined;
  }
}

function mapRecord(record: Readonly<Record<string, unknown>>, change: (name: string, value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(name, value)]));
}
