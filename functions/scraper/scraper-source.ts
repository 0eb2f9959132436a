import type { Guess } from './guess-items.ts';

/** The page type that a guess stands for, under its name. */
export function pageOfGuess({ each, fields, next }: Guess): Record<string, Record<string, unknown>> {
  const name = each === undefined ? 'page' : 'list';
  const extract = Object.keys(fields).length > 0 ? fields : { title: 'title' };
  return { [name]: { ...(each !== undefined && { each }), extract, ...(next !== undefined && { follow: { [next]: name } }) } };
}

/**
 * Writes a scraper's source from a guess, as an author would: to be tried, and mended where the guess is wrong.
 *
 * @param name - lower-case letters, digits and dashes.
 * @param start - the page it was guessed from.
 * @returns a file for `functions/scrapers/`.
 */
export function scraperSource(name: string, start: string, guess: Guess): string {
  const pages = Object.entries(pageOfGuess(guess)).flatMap(([page, { each, extract, follow }]) => [
    `    ${page}: {`,
    ...(each === undefined ? [] : [`      each: ${literal(each)},`]),
    '      extract: {',
    ...Object.entries(extract as object).map(([field, value]) => `        ${property(field)}: ${literal(value)},`),
    '      },',
    ...(follow === undefined ? [] : [`      follow: ${literal(follow)},`]),
    '    },',
  ]);
  return [
    "import { defineScraper } from '../scraper/define-scraper.ts';",
    '',
    'export default defineScraper({',
    `  name: ${literal(name)},`,
    `  start: ${literal(start.replaceAll('{', '%7B').replaceAll('}', '%7D'))},`,
    '  pages: {',
    ...pages,
    '  },',
    '});',
    '',
  ].join('\n');
}

function property(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name);
}

/** A value in the house's style: single quotes, spaces inside of braces. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([name, inner]) => `${property(name)}: ${literal(inner)}`)
      .join(', ')} }`;
  if (typeof value !== 'string') return JSON.stringify(value);
  const quoted = JSON.stringify(value)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"');
  return value.includes("'") ? (value.includes('"') ? JSON.stringify(value) : `"${quoted}"`) : `'${quoted}'`;
}
