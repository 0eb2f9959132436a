import { UsageError } from '../job/errors.ts';
import { clip } from './normal-form.ts';

/** URLs that the templates of one `start` may stand for. */
export const MAX_EXPANSION = 100_000_000;

/** A part of a template: fixed text, or values to go through. */
type Part = string | { readonly count: number; readonly at: (index: number) => string };

const RANGE = /^(?:(-?\d+)\.\.(-?\d+)|([a-zA-Z])\.\.([a-zA-Z]))(?:\.\.(-?\d+))?$/;

/**
 * Expands the ranges of a URL template, as a shell expands braces: `{1..50}`, with a step `{0..2970..30}`, with zeros in front
 * `{01..12}`, letters `{a..f}`, downwards `{9..0}`, and lists `{red,green}`. Several ranges give every combination, the last one
 * changing fastest. A text without braces stands for itself.
 *
 * @returns the URLs one by one; nothing is kept.
 * @throws {UsageError} code `bad-template`, for braces that are no range, or more than {@link MAX_EXPANSION} URLs.
 */
export function* expandTemplate(template: string): Generator<string> {
  const parts = partsOf(template);
  const total = sizeOf(parts);
  if (total > MAX_EXPANSION)
    throw new UsageError(
      'bad-template',
      `The template ${clip(template)} stands for ${total} URLs, over the limit of ${MAX_EXPANSION}. Split it.`,
    );
  for (let index = 0; index < total; index++) {
    let url = '';
    let rest = index;
    let weight = total;
    for (const part of parts) {
      if (typeof part === 'string') {
        url += part;
        continue;
      }
      weight /= part.count;
      url += part.at(Math.floor(rest / weight));
      rest %= weight;
    }
    yield url;
  }
}

/** How many URLs a template stands for, without expanding it. */
export function countTemplate(template: string): number {
  return sizeOf(partsOf(template));
}

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((product, part) => product * (typeof part === 'string' ? 1 : part.count), 1);
}

function partsOf(template: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of template.matchAll(/\{([^{}]*)\}/g)) {
    parts.push(fixed(template, end, match.index), valuesOf(match[1] ?? '', template));
    end = match.index + match[0].length;
  }
  parts.push(fixed(template, end, template.length));
  return parts;
}

function fixed(template: string, start: number, end: number): string {
  const text = template.slice(start, end);
  if (/[{}]/.test(text)) throw badTemplate(text, template);
  return text;
}

function valuesOf(text: string, template: string): Exclude<Part, string> {
  const range = RANGE.exec(text);
  if (!range) {
    const list = text.split(',');
    if (list.length < 2 || text.includes('..')) throw badTemplate(`{${text}}`, template);
    return { count: list.length, at: (index) => list[index] ?? '' };
  }
  const [, first, last, firstLetter, lastLetter, stepText] = range;
  const isLetters = firstLetter !== undefined && lastLetter !== undefined;
  const from = isLetters ? firstLetter.charCodeAt(0) : Number(first);
  const to = isLetters ? lastLetter.charCodeAt(0) : Number(last);
  const step = Math.abs(Number(stepText ?? 1));
  // Letters of both cases have six other characters between them.
  if (step === 0 || !Number.isSafeInteger(from) || !Number.isSafeInteger(to) || (isLetters && isUpper(firstLetter) !== isUpper(lastLetter)))
    throw badTemplate(`{${text}}`, template);
  const width =
    !isLetters && [first, last].some((bound) => /^-?0\d/.test(bound ?? '')) ? Math.max(first?.length ?? 0, last?.length ?? 0) : 0;
  const sign = to < from ? -1 : 1;
  const show = (value: number): string => {
    if (isLetters) return String.fromCharCode(value);
    const digits = String(Math.abs(value));
    return value < 0 ? `-${digits.padStart(width - 1, '0')}` : digits.padStart(width, '0');
  };
  return { count: Math.floor(Math.abs(to - from) / step) + 1, at: (index) => show(from + sign * step * index) };
}

function isUpper(letter: string): boolean {
  return letter < 'a';
}

function badTemplate(part: string, template: string): UsageError {
  return new UsageError(
    'bad-template',
    `${clip(part, 50)} in the template ${clip(template)} is no range. Write {1..50}, {0..2970..30}, {01..12}, {a..f} or {red,green}; a brace that belongs to the URL is written %7B or %7D.`,
  );
}
