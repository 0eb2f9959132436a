import { describe, expect, test } from 'vitest';
import { UsageError } from '../../functions/job/errors.ts';
import { buildScraper, defineScraper } from '../../functions/scraper/define-scraper.ts';
import { z } from 'zod';

/** What a definition is answered with; types are set aside, since JavaScript and recipes have none. */
function faultsOf(definition: unknown): string {
  try {
    buildScraper(definition, undefined);
  } catch (error) {
    if (error instanceof UsageError && error.code === 'bad-scraper') return error.message;
    throw error;
  }
  return '';
}

/** A sound definition with one thing changed. */
function withChange(change: object): object {
  return { name: 'books', pages: { detail: { extract: { title: 'h1' } } }, ...change };
}

const page = (change: object) => withChange({ pages: { detail: change } });
const field = (spec: unknown) => page({ extract: { price: spec } });

describe('defineScraper', () => {
  test('fills in gentle defaults', () => {
    const scraper = defineScraper({ name: 'books', pages: { detail: { extract: { title: 'h1' } } } });

    expect(scraper.politeness).toEqual({ concurrency: 4, delay: 0, robots: 'obey', groupBy: 'host' });
    expect(scraper.request).toEqual({
      timeout: 30_000,
      retries: 2,
      giveUpAfter: 86_400_000,
      maxBytes: 5_000_000,
      maxRedirects: 5,
      headers: {},
      cookies: 'ignore',
      accept: ['text/html', 'application/xhtml+xml'],
    });
    expect(scraper).toMatchObject({ firstPage: 'detail', pageNames: ['detail'], follows: false, maxDepth: 1_000 });
    expect('start' in scraper || 'schedule' in scraper).toBe(false);
  });

  test('keeps what is given, header names in lower case', () => {
    const scraper = defineScraper({
      name: 'books',
      start: ['https://shop.example/'],
      schedule: 'cron(0 6 * * ? *)',
      politeness: { concurrency: 1, delay: 500 },
      request: { headers: { 'Accept-Language': 'de' } },
      follow: { maxDepth: 3 },
      pages: { list: { follow: { a: 'list' } } },
    });

    expect(scraper.politeness).toMatchObject({ concurrency: 1, delay: 500, robots: 'obey' });
    expect(scraper.request.headers).toEqual({ 'accept-language': 'de' });
    expect(scraper).toMatchObject({ start: ['https://shop.example/'], schedule: 'cron(0 6 * * ? *)', maxDepth: 3, follows: true });
  });

  test('reports all faults together, under the name of the scraper', () => {
    const message = faultsOf(withChange({ politeness: { concurency: 1, delay: -1 }, request: { timeout: '30s' }, pages: { detail: {} } }));

    expect(message.split('\n')).toEqual([
      'Scraper "books" has 4 faults:',
      '- Unknown option in politeness: "concurency". Did you mean "concurrency"?',
      '- politeness.delay must be a whole number of ms from 0 to 3600000, not -1 (number).',
      '- request.timeout must be a whole number of ms from 1 to 100000, not "30s" (string).',
      '- pages.detail needs parse, extract or follow.',
    ]);
  });

  test.each([
    ['no object', 42, 'A scraper must be an object, not 42 (number).'],
    [
      'no name',
      { pages: { a: { extract: { b: 'c' } } } },
      'A scraper without a name has a fault:\n- name must be 1 to 50 lower-case letters',
    ],
    ['a name that is no folder', withChange({ name: '../etc' }), 'not "../etc" (string)'],
    ['an unknown option', withChange({ politness: {} }), 'Unknown option: "politness". Did you mean "politeness"?'],
    ['an option outside of its group', withChange({ delay: 5 }), 'Unknown option: "delay". Known: name, start'],
    ['an option outside of its group, with its group', withChange({ delay: 5 }), 'It belongs into politeness.'],
    [
      'an unlike option',
      withChange({ zzz: 1 }),
      '"zzz". Known: name, start, schedule, parser, charset, pages, overlap, incremental, politeness',
    ],
    ['a group that is no object', withChange({ request: 'fast' }), 'request must be an object, not "fast" (string).'],
    ['too large a number', withChange({ politeness: { concurrency: 1e9 } }), 'from 1 to 20000, not 1000000000 (number)'],
    ['half a request', withChange({ politeness: { concurrency: 1.5 } }), 'a whole number of requests'],
    ['no number', withChange({ politeness: { concurrency: Number.NaN } }), 'not null (number)'],
    [
      'an unknown choice',
      withChange({ politeness: { robots: 'never' } }),
      'politeness.robots must be "obey" or "ignore", not "never" (string).',
    ],
    [
      'a header with a line end',
      withChange({ request: { headers: { a: 'b\r\nc: d' } } }),
      'request.headers must be an object of header names and values',
    ],
    ['a header with a space in its name', withChange({ request: { headers: { 'a b': 'c' } } }), 'request.headers must be'],
    ['a media type that is none', withChange({ request: { accept: ['html'] } }), 'request.accept must be a list of media types'],
    ['an unknown parser', withChange({ parser: 'jsdom' }), 'parser must be "htmlparser2" or "html5", not "jsdom" (string).'],
    ['an unknown parser of a page', page({ parser: 'xml', extract: { t: 'h1' } }), 'pages.detail.parser must be'],
    ['an unknown charset', withChange({ charset: 'utf-99' }), 'charset must be a label of the Encoding Standard such as "gbk"'],
    ['a template that is none', withChange({ start: 'https://a.example/{1..}' }), 'start is no template: {1..} in the template'],
    ['an empty start', withChange({ start: [] }), 'start must be a URL, a template, a list of them, or a function'],
    ['a schedule of crontab', withChange({ schedule: '0 6 * * *' }), 'such as "cron(0 6 * * ? *)" or "rate(1 day)", not "0 6 * * *"'],
    ['no pages', { name: 'books' }, 'pages must be an object with at least one page type, not undefined'],
    ['no page types', withChange({ pages: {} }), 'at least one page type, not {} (object)'],
    [
      'a page type that is no object',
      withChange({ pages: { a: 'h1' } }),
      'pages.a must be an object with parse or extract, not "h1" (string).',
    ],
    ['a page name with a space', withChange({ pages: { 'a b': { extract: { t: 'h1' } } } }), 'pages["a b"] is no name for a page type'],
    ['an unknown page option', page({ exract: { t: 'h1' } }), 'Unknown option in pages.detail: "exract". Did you mean "extract"?'],
    ['parse that is no function', page({ parse: 'h1' }), 'pages.detail.parse must be a generator function, not "h1" (string).'],
    ['parse beside extract', page({ parse: function* () {}, extract: { t: 'h1' } }), 'has both parse and extract'],
    ['each without extract', page({ each: 'li', follow: { a: 'detail' } }), 'there is no extract'],
    ['a follow that names no page', page({ follow: { 'a.next': 'detial' } }), 'names no page type: "detial". Did you mean "detail"?'],
    ['a follow with a bad selector', page({ follow: { 'a[': 'detail' } }), 'pages.detail.follow["a["] is no CSS selector: "a["'],
    ['a schema that is none', page({ extract: { t: 'h1' }, schema: { type: 'object' } }), 'schema must be a Standard Schema'],
    ['an empty extract', page({ extract: {} }), 'pages.detail.extract must be an object of fields, not {}'],
    ['a bad selector', field('h1['), 'pages.detail.extract.price is no CSS selector: "h1["'],
    ['an XPath', field('//div[@class="price"]/text()'), 'It looks like XPath; write it as CSS.'],
    ['an empty selector', field(''), 'pages.detail.extract.price must be a CSS selector, not "" (string).'],
    ['a field that is a number', field(5), 'must be a selector, a field, a list, a function or a map, not 5 (number).'],
    ['a list of two', field(['.a', '.b']), "must be a list of one selector or field, ['.tag'] for all matches"],
    [
      'an unknown field option',
      field({ selector: 'b', atr: 'c' }),
      'Unknown option in pages.detail.extract.price: "atr". Did you mean "attr"?',
    ],
    ['an unknown conversion', field({ selector: 'b', as: 'numbr' }), 'as names no conversion: "numbr". Did you mean "number"?'],
    ['a bad nested selector', field({ selector: 'b', value: { x: 'i[' } }), 'pages.detail.extract.price.value.x is no CSS selector'],
    ['a bad selector in a list', field([{ selector: 'b[' }]), 'is no CSS selector: "b["'],
    ['a pattern that is text', field({ selector: 'b', match: 'a(b)' }), 'match must be a regular expression, not "a(b)" (string).'],
    ['attr and value', field({ selector: 'b', attr: 'x', value: 'y' }), 'has both attr and value'],
    ['a locale that is none', field({ selector: 'b', as: 'number', locale: 'german!' }), 'locale must be a language tag such as "de"'],
    ['a locale without use', field({ selector: 'b', locale: 'de' }), "locale is for as: 'number' and as: 'date'"],
    ['a date format without a year', field({ selector: 'b', as: 'date', format: 'dd.MM.' }), 'format is for as'],
    ['a limit without a list', field({ selector: 'b', limit: 3 }), 'limit is for lists: put brackets around the field'],
    ['a limit that is nothing', field([{ selector: 'b', limit: 0 }]), 'limit must be a whole number of values, 1 at least, not 0'],
    ['a count of a list', field([{ selector: 'b', count: true }]), 'count gives one number and no list'],
    ['a count that is a number', field({ selector: 'b', count: 2 }), 'count must be true or false, not 2 (number).'],
    ['a count of values', field({ selector: 'b', as: 'number', count: true }), 'counts matches, which leaves nothing for as to do.'],
    ['required that is text', field({ selector: 'b', required: 'yes' }), 'required must be true or false, not "yes" (string).'],
  ])('refuses %s', (_, definition, expected) => {
    expect(faultsOf(definition)).toContain(expected);
  });

  test('refuses a map that holds itself', () => {
    const map: Record<string, unknown> = {};
    map['deeper'] = map;
    expect(faultsOf(page({ extract: map }))).toContain('nests maps more than 20 deep');
  });

  test('takes a schema that is a function, as arktype has them', () => {
    const schema = Object.assign(() => undefined, { '~standard': z.object({})['~standard'] });
    expect(faultsOf(page({ extract: { t: 'h1' }, schema }))).toBe('');
  });
});
