import { UsageError } from '../job/errors.ts';
import type { Json } from '../job/request.ts';
import { placeAt, placeInJson, type TextPlace } from './json-places.ts';

/** What a reader of one notation gives: the data, and where in the text a path of it stands. */
export interface RecipeText {
  readonly data: unknown;
  readonly placeOf: (path: readonly string[]) => TextPlace;
}

/**
 * Reads a recipe's JSON.
 *
 * @param source - what messages call it.
 * @throws {UsageError} code `bad-recipe`, with line and column.
 */
export function readJson(text: string, source: string): RecipeText {
  try {
    return { data: JSON.parse(text) as Json, placeOf: (path) => placeInJson(text, path) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // V8 names the position of most faults; of a text that ends too early it names none.
    const position = /at position (\d+)/.exec(message)?.[1];
    const { line, column } = placeAt(text, position === undefined ? text.length : Number(position));
    const what = message.replace(/ (in JSON )?at position.*/s, '').replace(/, "[^]*" is not valid JSON$/, '');
    throw badRecipe(source, [`${source}:${line}:${column}: is no JSON: ${what}.`], error);
  }
}

/** Faults that are told: behind so many, the others are best looked for when these are mended. */
const MAX_TOLD = 20;

/** @param lines - the faults, each behind the source's name. */
export function badRecipe(source: string, lines: readonly string[], cause?: unknown): UsageError {
  const [first = ''] = lines;
  if (lines.length === 1) return new UsageError('bad-recipe', first.startsWith(source) ? first : `${source} ${first}`, cause);
  const more = lines.length > MAX_TOLD ? [`… and ${lines.length - MAX_TOLD} more`] : [];
  return new UsageError('bad-recipe', `${source} has ${lines.length} faults:\n${[...lines.slice(0, MAX_TOLD), ...more].join('\n')}`, cause);
}
