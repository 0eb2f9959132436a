import type { Guess } from './guess-items.ts';

/**
 * Writes a scraper's source from a guess, as an author would: to be tried, and mended where the guess is wrong.
 *
 * @param name - lower-case letters, digits and dashes.
 * @param start - the page it was guessed from.
 * @returns a file for `functions/scrapers/`.
 */
export function scraperSource(name: string, start: string, guess: Guess): string {
  const page = guess.each === undefined ? 'page' : 'list';
  const fields = Object.entries(guess.fields).map(([field, value]) => `        ${property(field)}: ${literal(value)},`);
  return [
    "import { defineScraper } from '../scraper/define-scraper.ts';",
    '',
    'export default defineScraper({',
    `  name: ${literal(name)},`,
    `  start: ${literal(start.replaceAll('{', '%7B').replaceAll('}', '%7D'))},`,
    '  pages: {',
    `    ${page}: {`,
    ...(guess.each === undefined ? [] : [`      each: ${literal(guess.each)},`]),
    '      extract: {',
    ...(fields.length > 0 ? fields : ["        title: 'title',"]),
    '      },',
    ...(guess.next === undefined ? [] : [`      follow: { ${property(guess.next)}: '${page}' },`]),
    '    },',
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
