import type { ObjectStore } from '../aws/objects.ts';
import { keys, prefixes } from './keys.ts';
import type { Json } from './request.ts';

/** A scraper as data, as a job carries it. */
export interface Recipe {
  /** Where it comes from: a key of the bucket, a file. */
  readonly source: string;
  readonly data: Json;
}

/** A recipe as its author wrote it. */
export interface RecipeFile {
  /** What messages call it. Its end tells YAML from JSON. */
  readonly source: string;
  readonly text: string;
}

/** Bytes of a recipe: a long one has some hundred lines, and every job carries its own. */
export const MAX_RECIPE_BYTES = 100_000;
/** Names read for a message that says what is near. */
const MAX_NAMES = 1_000;
const RECIPE_KEY = /^scrapers\/([a-z][a-z0-9-]{0,49})\.(json|ya?ml)$/;

/** The recipes of one name that lie in the bucket: none, one, or `x.json` beside `x.yaml`. Their texts are not read beyond the limit. */
export async function findRecipes(objects: ObjectStore, name: string): Promise<readonly RecipeFile[]> {
  const found: RecipeFile[] = [];
  for await (const { key, size } of objects.list(keys.recipe(name, ''))) {
    if (RECIPE_KEY.exec(key)?.[1] !== name) continue;
    const text = size > MAX_RECIPE_BYTES ? ' '.repeat(MAX_RECIPE_BYTES + 1) : await objects.getText(key);
    // Gone between the two calls: as if it had never been there.
    if (text !== undefined) found.push({ source: key, text });
  }
  return found;
}

/** Names of the recipes in the bucket. */
export async function recipeNames(objects: ObjectStore): Promise<string[]> {
  const names = new Set<string>();
  for await (const { key } of objects.list(prefixes.recipes)) {
    const name = RECIPE_KEY.exec(key)?.[1];
    if (name !== undefined) names.add(name);
    if (names.size === MAX_NAMES) break;
  }
  return [...names];
}
