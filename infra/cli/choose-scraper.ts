import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ObjectStore } from '../../functions/aws/objects.ts';
import { UsageError } from '../../functions/job/errors.ts';
import { unknownName } from '../../functions/job/nearest-name.ts';
import { findRecipes, MAX_RECIPE_BYTES, recipeNames, type Recipe } from '../../functions/job/recipe-store.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import { scrapers } from '../../functions/scrapers/index.ts';

/** A scraper that a command was told to use. */
export interface ChosenScraper {
  readonly scraper: Scraper;
  /** Where it comes from, if it is none of the project's own. */
  readonly recipe?: Recipe;
}

/**
 * Reads a recipe from a file. Where it gives itself no name, it goes by the file's.
 *
 * @throws {UsageError} code `input` for a file that cannot be read; `bad-recipe` for its faults.
 */
export async function scraperOfRecipeFile(path: string): Promise<ChosenScraper> {
  const file = { source: basename(path), text: await textOf(path) };
  const { readRecipe } = await import('../../functions/scraper/recipe.ts');
  return readRecipe(file, nameOf(path));
}

/** One of the project's scrapers; undefined where there is none of that name. */
export function scraperNamed(name: string): Scraper | undefined {
  return Object.hasOwn(scrapers, name) ? scrapers[name] : undefined;
}

/**
 * A scraper that the bucket has as a recipe.
 *
 * @throws {UsageError} code `unknown-scraper` with the nearest name; `bad-recipe`.
 */
export async function scraperInBucket(objects: ObjectStore, name: string): Promise<Scraper> {
  const [file] = await findRecipes(objects, name);
  if (!file) throw unknownScraper(name, await recipeNames(objects));
  const { readRecipe } = await import('../../functions/scraper/recipe.ts');
  return readRecipe(file, name).scraper;
}

/** @param recipes - names that there are beside the project's own. */
export function unknownScraper(name: string, recipes: readonly string[] = []): UsageError {
  return new UsageError('unknown-scraper', `There is no scraper ${unknownName(name, [...Object.keys(scrapers), ...recipes])}`);
}

async function textOf(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > MAX_RECIPE_BYTES)
      throw new UsageError('bad-recipe', `${path} is no recipe: it has more than ${MAX_RECIPE_BYTES} bytes.`);
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why = { ENOENT: 'there is no such file', EISDIR: 'it is a directory', EACCES: 'permission denied' }[code ?? ''] ?? message;
    throw new UsageError('input', `Cannot read the recipe ${path}: ${why}.`, error);
  }
}

/** A scraper's name from a file's: `My Quotes.json` is `my-quotes`. */
function nameOf(path: string): string {
  const name = basename(path)
    .replace(/\.[^.]*$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, 50);
  return name === '' ? 'recipe' : name;
}
