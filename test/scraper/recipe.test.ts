import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../functions/job/errors.ts';
import type { Json } from '../../functions/job/request.ts';
import { placeInJson } from '../../functions/scraper/json-places.ts';
import { readRecipe } from '../../functions/scraper/recipe.ts';
import { run } from './run.ts';

const recipe = `{
  "$schema": "https://urldrop.example/recipe.schema.json",
  "politeness": { "delay": 500 },
  "pages": {
    "list": { "follow": { "h3 a": "book" } },
    "book": {
      "extract": {
        "title": { "selector": "h1", "required": true },
        "price": { "selector": ".price", "as": "number" },
        "sku": { "selector": "script", "match": { "pattern": "SKU: (\\\\w+)", "flags": "i" } },
        "sellers": [{ "selector": ".seller", "value": { "name": "b", "id": { "selector": ":scope", "attr": "id", "match": "\\\\d+" } } }]
      }
    }
  }
}`;

function faultsOf(text: string): string {
  try {
    readRecipe({ text, source: 'books.json' }, 'books');
  } catch (error) {
    if (error instanceof UsageError && error.code === 'bad-recipe') return error.message;
    throw error;
  }
  return '';
}

describe('a recipe', () => {
  test('is a scraper', async () => {
    const { scraper } = readRecipe({ text: recipe, source: 'books.json' }, 'books');
    expect(scraper).toMatchObject({ name: 'books', pageNames: ['list', 'book'], politeness: { delay: 500, concurrency: 4 } });
    expect((await run(scraper, '<h3><a href="/1">1</a></h3>')).follows).toEqual([
      { url: 'https://shop.example/1', page: 'book', depth: 1 },
    ]);
    const body = '<h1>Lamp</h1><p class="price">£3</p><script>sku: BL7</script><p class="seller" id="s12"><b>Ann</b></p>';
    expect((await run(scraper, body, { request: { page: 'book' } })).items).toEqual([
      { title: 'Lamp', price: 3, sku: 'BL7', sellers: [{ name: 'Ann', id: '12' }] },
    ]);
  });

  test('names its faults by line and column, all together', () => {
    const text = recipe
      .replace('"delay": 500', '"dealy": 500')
      .replace('"required": true', '"required": "yes"')
      .replace('"as": "number"', '"as": "numbr"')
      .replace('"h3 a": "book"', '"h3 a": "boook"')
      .replace('"\\\\d+"', '"("');
    expect(faultsOf(text).split('\n')).toEqual([
      'books.json has 5 faults:',
      'books.json:3:19: Unknown option in politeness: "dealy". Did you mean "delay"?',
      'books.json:5:27: pages.list.follow["h3 a"] names no page type: "boook". Did you mean "book"?',
      'books.json:8:38: pages.book.extract.title.required must be true or false, not "yes" (string).',
      'books.json:9:42: pages.book.extract.price.as names no conversion: "numbr". Did you mean "number"?',
      'books.json:11:114: pages.book.extract.sellers.0.value.id.match is no regular expression: Invalid regular expression: /(/: Unterminated group.',
    ]);
  });

  test.each([
    ['no JSON', '{\n  "pages": {,}\n}', 'books.json:2:13: is no JSON: Expected'],
    ['cut off', '{\n  "pages": {', 'books.json:2:13: is no JSON: '],
    ['empty', '', 'books.json:1:1: is no JSON: Unexpected end'],
    ['a list', '[]', 'books.json:1:1: A scraper must be an object, not [] (list).'],
    ['without pages', '{}', 'books.json:1:1: pages must be an object with at least one page type'],
    [
      'with code',
      '{"pages": {"a": {"parse": "function () {}"}}}',
      'books.json:1:18: pages.a.parse is for scrapers in TypeScript: a recipe is data.',
    ],
    [
      'with a pattern that is none',
      '{"pages": {"a": {"extract": {"b": {"selector": "c", "match": 5}}}}}',
      'books.json:1:53: pages.a.extract.b.match must be the text of a regular expression',
    ],
    ['with a name of its own that is none', '{"name": "A B", "pages": {"a": {"extract": {"b": "c"}}}}', 'books.json:1:2: name must be'],
    [
      'with a schedule',
      '{"schedule": "rate(1 day)", "pages": {"a": {"extract": {"b": "c"}}}}',
      'books.json:1:2: schedule is for scrapers in TypeScript: schedules are made when the stack is deployed.',
    ],
    ['too long', `"${'x'.repeat(100_000)}"`, 'books.json is longer than 100000 bytes.'],
    ['all wrong', `{"pages": {${Array.from({ length: 30 }, (_, i) => `"p${i}": 1`).join()}}}`, 'not 1 (number).\n… and 10 more'],
  ])('that is %s is refused', (_, text, message) => {
    expect(faultsOf(text)).toContain(message);
  });

  test('may begin with a byte order mark and name itself', () => {
    const text = '\ufeff{"name": "own", "pages": {"a": {"extract": {"b": "c"}}}}';
    expect(readRecipe({ text, source: 'books.json' }, 'books').scraper.name).toBe('own');
    expect(() => readRecipe({ text, source: 'scrapers/books.json' }, 'books')).toThrow(
      'scrapers/books.json:1:2: name must be that of the file, "books", not "own" (string). Leave it out, or rename the file.',
    );
    expect(readRecipe({ text, source: 'scrapers/own.json' }, 'own').scraper.name).toBe('own');
  });
});

describe('places in JSON', () => {
  test('are found for every path of every value, however it is laid out', () => {
    const space = fc.constantFrom(0, 2, '\t');
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), space, (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        for (const { path, begins } of pathsOf(JSON.parse(text) as Json)) {
          const { line, column } = placeInJson(text, path);
          const rest = text
            .split('\n')
            .slice(line - 1)
            .join('\n')
            .slice(column - 1);
          expect(rest.startsWith(begins)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('of a path that is not there are those of its last part that is', () => {
    const text = '{\n "a": {"b": [1, 2]}}';
    expect(placeInJson(text, ['a', 'b', '7', 'x'])).toEqual({ line: 2, column: 8 });
    expect(placeInJson(text, ['z'])).toEqual({ line: 1, column: 1 });
  });
});

/** Each path with the token that stands at its place: a property's name, or what a list's entry begins with. */
function pathsOf(value: Json, path: string[] = []): { path: string[]; begins: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const begins = Array.isArray(value) ? (JSON.stringify(inner)[0] ?? '') : JSON.stringify(name);
    return [{ path: [...path, name], begins }, ...pathsOf(inner, [...path, name])];
  });
}
