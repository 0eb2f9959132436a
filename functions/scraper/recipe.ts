import { MAX_RECIPE_BYTES, type Recipe, type RecipeFile } from '../job/recipe-store.ts';
import type { Json } from '../job/request.ts';
import type { Fault } from './faults.ts';
import { tryRecipe } from './recipe-data.ts';
import { badRecipe, readJson, type RecipeText } from './recipe-text.ts';
import { readYaml } from './recipe-yaml.ts';
import type { Scraper } from './types.ts';

/**
 * Reads a recipe: see {@link tryRecipe}.
 *
 * @param file - YAML where the source's name ends in `.yaml` or `.yml`, else JSON.
 * @param name - the scraper's name where the recipe gives none.
 * @throws {UsageError} code `bad-recipe`: all faults together, one a line, each with line and column.
 */
export function readRecipe({ text, source }: RecipeFile, name: string): { readonly scraper: Scraper; readonly recipe: Recipe } {
  if (Buffer.byteLength(text) > MAX_RECIPE_BYTES) throw badRecipe(source, [`is longer than ${MAX_RECIPE_BYTES} bytes.`]);
  const read = /\.ya?ml$/i.test(source) ? readYaml : readJson;
  const { data, placeOf } = read(text.replace(/^\ufeff/, ''), source);
  const recipe = { source, data: data as Json };
  const built = tryRecipe(recipe, name);
  if ('scraper' in built) return { scraper: built.scraper, recipe };
  throw badRecipe(
    source,
    inOrder(built.faults, placeOf).map((fault) => `${source}:${fault}`),
  );
}

/** Each fault behind its line and column, in the order of the text. */
function inOrder(faults: readonly Fault[], placeOf: RecipeText['placeOf']): string[] {
  return faults
    .map(({ path, message }) => ({ ...placeOf(path), message }))
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, message }) => `${line}:${column}: ${message}`);
}
