import { RequestError } from '../job/errors.ts';
import type { Job } from '../job/job.ts';
import type { Recipe } from '../job/recipe-store.ts';
import { tryRecipe } from './recipe-data.ts';
import type { Scraper } from './types.ts';

/** Scrapers of recipes that are kept: as many as the jobs that one function may meet at a time. */
const MAX_KEPT = 20;
/** By name and data: a recipe that was changed is another one. The least lately wanted comes first. */
const kept = new Map<string, Scraper>();

/**
 * The scraper that a job runs: that of the recipe which it carries, else the deployed one of its name.
 *
 * @returns what is wrong where there is none: `bad-recipe`, `unknown-scraper`.
 */
export function scraperOfJob(
  scrapers: Readonly<Record<string, Scraper>>,
  { scraper: name, recipe }: Pick<Job, 'scraper' | 'recipe'>,
): Scraper | RequestError {
  if (recipe) return scraperOfRecipe(recipe, name);
  const scraper = Object.hasOwn(scrapers, name) ? scrapers[name] : undefined;
  return scraper ?? new RequestError('unknown-scraper', `Scraper ${JSON.stringify(name)} is not among the deployed ones.`);
}

/** @returns the recipe's faults on one line where it has some. */
export function scraperOfRecipe(recipe: Recipe, name: string): Scraper | RequestError {
  const id = JSON.stringify([name, recipe]);
  let scraper = kept.get(id);
  if (!scraper) {
    const built = tryRecipe(recipe, name);
    if ('faults' in built)
      return new RequestError('bad-recipe', `${recipe.source}: ${built.faults.map(({ message }) => message).join(' ')}`);
    ({ scraper } = built);
  }
  kept.delete(id);
  kept.set(id, scraper);
  const [oldest] = kept.keys();
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  return scraper;
}
