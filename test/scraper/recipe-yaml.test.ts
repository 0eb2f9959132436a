import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { UsageError } from '../../functions/job/errors.ts';
import type { Json } from '../../functions/job/request.ts';
import { placeInJson } from '../../functions/scraper/json-places.ts';
import { readRecipe } from '../../functions/scraper/recipe.ts';
import { readYaml } from '../../functions/scraper/recipe-yaml.ts';
import { run } from './run.ts';

const recipe = `# One shop
politeness:
  delay: 500
pages:
  list:
    follow: { h3 a: book }
  book:
    extract:
      title: { selector: h1, required: true }
      price: &price
        selector: .price
        as: number
      was: *price
      sku:
        selector: script
        match: { pattern: 'SKU: (\\w+)', flags: i }
      tags: [.tag]
`;

function faultsOf(text: string, source = 'books.yaml'): string {
  try {
    readRecipe({ text, source }, 'books');
  } catch (error) {
    if (error instanceof UsageError && error.code === 'bad-recipe') return error.message;
    throw error;
  }
  return '';
}

describe('a recipe in YAML', () => {
  test.each(['books.yaml', 'recipes/books.yml', 'BOOKS.YAML'])('is a scraper where it is called %s', async (source) => {
    const { scraper } = readRecipe({ text: recipe, source }, 'books');
    expect(scraper).toMatchObject({ name: 'books', pageNames: ['list', 'book'], politeness: { delay: 500, concurrency: 4 } });
    const body = '<h1>Lamp</h1><p class="price">£3</p><script>sku: BL7</script><b class="tag">brass</b>';
    expect((await run(scraper, body, { request: { page: 'book' } })).items).toEqual([
      { title: 'Lamp', price: 3, was: 3, sku: 'BL7', tags: ['brass'] },
    ]);
  });

  test('goes through the checks of JSON, and names its faults by line and column', () => {
    const text = recipe
      .replace('delay: 500', 'dealy: 500')
      .replace('required: true', 'required: yes')
      .replace('as: number', 'as: numbr')
      .replace('h3 a: book', 'h3 a: boook')
      .replace('SKU: (', 'SKU: ((')
      .replace('[.tag]', "['p[']");
    expect(faultsOf(text).split('\n')).toEqual([
      'books.yaml has 7 faults:',
      'books.yaml:3:3: Unknown option in politeness: "dealy". Did you mean "delay"?',
      'books.yaml:6:15: pages.list.follow["h3 a"] names no page type: "boook". Did you mean "book"?',
      'books.yaml:9:30: pages.book.extract.title.required must be true or false, not "yes" (string).',
      'books.yaml:12:9: pages.book.extract.price.as names no conversion: "numbr". Did you mean "number"?',
      'books.yaml:12:9: pages.book.extract.was.as names no conversion: "numbr". Did you mean "number"?',
      expect.stringMatching(/^books\.yaml:16:9: pages\.book\.extract\.sku\.match is no regular expression/),
      expect.stringMatching(/^books\.yaml:17:14: pages\.book\.extract\.tags\.0 /),
    ]);
  });

  test.each([
    ['empty', '', 'books.yaml:1:1: A scraper must be an object, not null'],
    ['a list', '\n- 1\n', 'books.yaml:2:1: A scraper must be an object, not [1] (list).'],
    ['badly indented', 'pages:\n  a: [1, 2\nb: 3', 'books.yaml:3:1: is no YAML: '],
    ['indented by tabs', 'pages:\n\ta: 1', 'books.yaml:2:1: is no YAML: Tabs are not allowed'],
    ['with a name twice', 'name: a\nname: b', 'books.yaml:2:1: is no YAML: Map keys must be unique.'],
    ['with a name that is a list', '? [a]\n: b', 'is no YAML: With stringKeys'],
    ['two documents', 'a: 1\n---\nb: 2', 'books.yaml:2:1: is no YAML: A recipe is one document.'],
    ['with a tag of another language', 'start: !!js/function "x"', 'books.yaml:1:8: is no YAML: Unresolved tag'],
    ['with an alias of nothing', 'start: *url', 'is no YAML: Unresolved alias'],
    ['with an anchor in itself', 'pages: &p\n  a: *p', 'is no YAML: An anchor holds itself.'],
    ['nested without end', '['.repeat(100_000), 'is no YAML: '],
  ])('that is %s is refused', (_, text, message) => {
    expect(faultsOf(text)).toContain(message);
  });

  test('cannot stand for gigabytes', () => {
    const lines = Array.from(
      { length: 12 },
      (_, i) => `l${i}: &l${i} [${Array.from({ length: 9 }, () => (i ? `*l${i - 1}` : 'x')).join(', ')}]`,
    );
    expect(faultsOf(lines.join('\n'))).toContain('is no YAML: Excessive alias count');
  });
});

const data = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify({ value })) as Json);

test('what YAML writes of any data reads back as JSON has it', () => {
  fc.assert(
    fc.property(data, (value) => {
      expect(readYaml(stringify(value), 'x.yaml').data).toEqual(value);
    }),
    { numRuns: 300 },
  );
});

test('JSON is YAML: the same data, every part at the same place', () => {
  fc.assert(
    fc.property(data, (value) => {
      const text = JSON.stringify(value, undefined, 1);
      const { data: read, placeOf } = readYaml(text, 'x.yaml');
      expect(read).toEqual(value);
      for (const path of [...pathsOf(value), ['value', 'not there']]) expect(placeOf(path)).toEqual(placeInJson(text, path));
    }),
    { numRuns: 300 },
  );
});

function pathsOf(value: Json, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [...(path.length > 0 ? [path] : []), ...Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, [...path, name]))];
}
