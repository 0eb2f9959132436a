import { prefixes } from '../job/keys.ts';
import type { Recipe } from '../job/recipe-store.ts';
import { tryScraper } from './define-scraper.ts';
import { Place, type Fault } from './faults.ts';
import { isRecord, shown } from './scraper-options.ts';
import type { Scraper } from './types.ts';

/**
 * Builds the scraper that a recipe describes: data of the same shape as what `defineScraper` takes, without functions, schemas and
 * schedules. `match` is the text of a regular expression, or `{ "pattern": …, "flags": … }`.
 *
 * @param name - the scraper's name where the recipe gives none. A recipe of the bucket must give no other: its jobs go by its key.
 * @returns the scraper, or everything that is wrong.
 */
export function tryRecipe({ source, data }: Recipe, name: string): { readonly scraper: Scraper } | { readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const definition = isRecord(data) ? definitionOf(faults, name, source, data) : data;
  const built = tryScraper(definition, source);
  if ('faults' in built) faults.push(...built.faults);
  return faults.length > 0 || !('scraper' in built) ? { faults } : built;
}

/** The recipe as a definition; `$schema` is for editors. */
function definitionOf(faults: Fault[], name: string, source: string, data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { $schema: _, ...given } = data;
  const rest: Record<string, unknown> = given;
  const top = new Place(faults);
  if (source.startsWith(prefixes.recipes) && rest['name'] !== undefined && rest['name'] !== name)
    top
      .at('name')
      .fault(`must be that of the file, ${JSON.stringify(name)}, not ${shown(rest['name'])}. Leave it out, or rename the file.`);
  for (const only of ['schedule', 'overlap']) {
    if (rest[only] === undefined) continue;
    delete rest[only];
    top.at(only).fault('is for scrapers in TypeScript: schedules are made when the stack is deployed. Leave it out.');
  }
  return { name, ...rest, pages: readPages(new Place(faults, ['pages']), rest['pages']) };
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
