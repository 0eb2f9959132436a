import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT } from './project.ts';

/** The list of scrapers in `functions/scrapers/index.ts`, as the file is written. */
const LIST = /\n {2}\[([\w\s,]+)\]\.map\(/;

/**
 * Adds a scraper to the list of scrapers.
 *
 * @returns the list's file; undefined where it does not look as it did, and is left alone.
 */
export async function listScraper(name: string): Promise<string | undefined> {
  const file = join(PROJECT, 'functions/scrapers/index.ts');
  const text = await readFile(file, 'utf8');
  const listed = withScraper(text, name);
  if (listed === undefined) return undefined;
  await writeFile(file, listed);
  return file;
}

/** The text of the list with one scraper more: an import behind the others, a name at the end. */
export function withScraper(text: string, name: string): string | undefined {
  const imports = Array.from(text.matchAll(/^import (\w+) from '\.\/[\w-]+\.ts';\n/gm));
  const last = imports.at(-1);
  if (!last || !LIST.test(text)) return undefined;
  const taken = imports.map(([, identifier]) => identifier);
  const identifier = identifierOf(name, taken);
  const end = last.index + last[0].length;
  const withImport = `${text.slice(0, end)}import ${identifier} from './${name}.ts';\n${text.slice(end)}`;
  return withImport.replace(LIST, (_, names: string) => `\n  [${names.trim().replace(/,$/, '')}, ${identifier}].map(`);
}

/** `my-books` is `myBooks`; a word that the language keeps for itself, or that is taken, gets an ending. */
function identifierOf(name: string, taken: readonly (string | undefined)[]): string {
  const word = name.replaceAll(/-+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()).replaceAll('-', '');
  const isFree = !taken.includes(word) && word !== 'scrapers' && isIdentifier(word);
  return isFree ? word : `${word}Scraper`;
}

function isIdentifier(word: string): boolean {
  try {
    // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- compiled, never run: the engine knows its own words best
    return typeof new Function(`'use strict'; var ${word};`) === 'function' && !['await', 'Scraper', 'Object'].includes(word);
  } catch {
    // A word of the language.
    return false;
  }
}
