import { load } from 'cheerio/slim';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PLAIN_SELECTOR } from '../../functions/scraper/check-fields.ts';

it('takes no selector for right that cheerio cannot read', () => {
  const $ = load('<a href="x"><b class="c">d</b></a>');
  fc.assert(
    fc.property(fc.stringMatching(PLAIN_SELECTOR), (selector) => {
      expect(() => $.root().find(selector)).not.toThrow();
    }),
  );
});

it.each([
  'a',
  '.book h3 a',
  'a[rel=next]',
  'meta[property="og:title"]',
  '#main > p.lead',
  'a[href^="http"]',
  'td:nth-child(3)',
  'tr:has(a.news) td',
  'tr:contains("ISBN") td',
])('knows %s', (selector) => {
  expect(PLAIN_SELECTOR.test(selector)).toBe(true);
});

it.each(['', 'a:hover', 'a >', 'a  b', '..b', 'a[b', 'p:foo', 'a[b="c\\"]', '//a', '1a', 'td:nth-child(0x)', 'tr:has(:foo)'])(
  'leaves %j to cheerio',
  (selector) => {
    expect(PLAIN_SELECTOR.test(selector)).toBe(false);
  },
);
