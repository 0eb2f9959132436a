import type { ObjectStore } from '../aws/objects.ts';
import { RequestError, UsageError } from '../job/errors.ts';
import { unknownName } from '../job/nearest-name.ts';
import { findRecipes, recipeNames, type Recipe } from '../job/recipe-store.ts';
import { scraperOfRecipe } from '../scraper/job-scraper.ts';
import type { Scraper } from '../scraper/types.ts';

/** A scraper, with the recipe that it comes from where it is no deployed one. */
export interface FoundScraper {
  readonly scraper: Scraper;
  readonly recipe?: Recipe;
}

/**
 * Looks up a scraper by its name: a deployed one, else a recipe in the bucket.
 *
 * @param own - a recipe that the job brings along, in place of both.
 * @returns what is wrong where there is none: `unknown-scraper` with the nearest name, recipes included; `bad-recipe`.
 * @throws what S3 answered.
 */
export async function findScraper(
  scrapers: Readonly<Record<string, Scraper>>,
  objects: ObjectStore,
  name: string,
  own?: Recipe,
): Promise<FoundScraper | RequestError> {
  if (own) {
    const scraper = scraperOfRecipe(own, name);
    return scraper instanceof RequestError ? scraper : { scraper, recipe: own };
  }
  const deployed = Object.hasOwn(scrapers, name) ? scrapers[name] : undefined;
  if (deployed) return { scraper: deployed };
  const [file, second] = await findRecipes(objects, name);
  if (!file) {
    const known = [...Object.keys(scrapers), ...(await recipeNames(objects))];
    return new RequestError('unknown-scraper', `There is no scraper ${unknownName(name, known)}`);
  }
  if (second)
    return new RequestError('bad-recipe', `${file.source} and ${second.source} are both the recipe of ${name}: delete one of them.`);
  // Loaded with the first recipe: nobody else should pay for a reader of YAML.
  const { readRecipe } = await import('../scraper/recipe.ts');
  try {
    return readRecipe(file, name);
  } catch (error) {
    if (error instanceof UsageError) return new RequestError('bad-recipe', error.message.replaceAll(/\s*\n\s*/g, ' '), { cause: error });
    throw error;
  }
}
