import type { Json } from '../job/request.ts';
import { conversionNames } from './check-fields.ts';
import { PAGE_NAME } from './check-pages.ts';
import { SCRAPER_NAME } from './define-scraper.ts';
import { parserNames } from './page-tree.ts';
import { runOptions, scraperOptions, type ScraperOption } from './scraper-options.ts';

/** What fields and those of a list have in common. */
const FIELD: { readonly [name: string]: Json } = {
  selector: { type: 'string', description: 'CSS; :scope is the element that the map is applied to.' },
  attr: { type: 'string', description: 'An attribute as it stands in the page.' },
  value: {
    description: 'A property (href, src, innerHTML, outerHTML, textContent …), or a map for a nested object.',
    anyOf: [{ type: 'string' }, { $ref: '#/$defs/map' }],
  },
  match: {
    description: 'A regular expression: first group, named groups, or the whole match.',
    anyOf: [{ type: 'string' }, closed({ pattern: { type: 'string' }, flags: { type: 'string' } }, ['pattern'])],
  },
  as: { enum: [...conversionNames], description: 'Conversion of the text.' },
  locale: { type: 'string', description: 'Language tag for numbers and dates: de, fr-CA.' },
  format: { type: 'string', description: 'Order of a numeric date: dd/MM/yyyy.' },
  required: { type: 'boolean', description: 'An item without this field is an error.' },
};

/**
 * The JSON Schema of recipes, for editors: completion, descriptions, bounds. Derived from the same tables that the checks use.
 *
 * @see https://json-schema.org/draft/2020-12
 */
export function recipeSchema(): Json {
  const groups = Object.entries(scraperOptions as Record<string, Record<string, ScraperOption>>).map(([group, options]): [string, Json] => [
    group,
    closed(optionSchemas(options)),
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'urldrop recipe',
    description: 'A scraper as data: dropped as scrapers/<name>.json, or given with --recipe.',
    ...closed(
      {
        $schema: { type: 'string' },
        name: { type: 'string', pattern: SCRAPER_NAME.source, description: 'Absent: the name of the file.' },
        start: {
          description: 'URLs to begin with; templates with ranges such as {1..50} and {0..2970..30}.',
          anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
        },
        parser: { enum: [...parserNames], description: 'html5 builds the tree that browsers build.' },
        charset: { type: 'string', description: 'Reads pages in this charset, whatever they say of themselves.' },
        pages: {
          type: 'object',
          description: 'Page types by name; the first is that of requests which name none.',
          propertyNames: { pattern: PAGE_NAME.source },
          minProperties: 1,
          additionalProperties: { $ref: '#/$defs/page' },
        },
        incremental: optionSchema(runOptions.incremental),
        ...Object.fromEntries(groups),
      },
      ['pages'],
    ),
    $defs: {
      page: {
        ...closed({
          extract: { $ref: '#/$defs/map', description: 'Fields of the item.' },
          each: { type: 'string', description: 'One item for each match, its fields looked up inside of it.' },
          follow: {
            type: 'object',
            description: 'Links to follow: selector to page type.',
            minProperties: 1,
            additionalProperties: { type: 'string' },
          },
          parser: { enum: [...parserNames] },
        }),
        anyOf: [{ required: ['extract'] }, { required: ['follow'] }],
      },
      map: { type: 'object', minProperties: 1, additionalProperties: { $ref: '#/$defs/spec' } },
      spec: {
        anyOf: [
          { type: 'string', description: 'Text of the first match.' },
          { $ref: '#/$defs/field' },
          {
            type: 'array',
            description: 'All matches.',
            minItems: 1,
            maxItems: 1,
            items: { anyOf: [{ type: 'string' }, { $ref: '#/$defs/listed' }] },
          },
          { $ref: '#/$defs/map' },
        ],
      },
      field: closed({ ...FIELD, count: { type: 'boolean', description: 'The number of matches is the value.' } }, ['selector']),
      listed: closed({ ...FIELD, limit: { type: 'integer', minimum: 1, description: 'Keeps the first so many values.' } }, ['selector']),
    },
  };
}

function optionSchemas(options: Readonly<Record<string, ScraperOption>>): { [name: string]: Json } {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, optionSchema(option)]));
}

function optionSchema(option: ScraperOption): Json {
  const common = { description: option.reason, default: option.default as Json };
  switch (option.kind) {
    case 'number':
      return { type: 'integer', minimum: option.min, maximum: option.max, ...common };
    case 'choice':
      return { enum: [...option.choices], ...common };
    case 'flag':
      return { type: 'boolean', ...common };
    case 'headers':
      return { type: 'object', additionalProperties: { type: 'string' }, ...common };
    case 'list':
      return { type: 'array', items: { type: 'string', pattern: option.pattern.source }, ...common };
    default:
      return option satisfies never;
  }
}

function closed(properties: { [name: string]: Json }, required: string[] = []): { [name: string]: Json } {
  return { type: 'object', properties, additionalProperties: false, ...(required.length > 0 && { required }) };
}
