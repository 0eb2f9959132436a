import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStart, type StartPart } from '../../functions/urls/start.ts';
import { countTemplate, expandTemplate, MAX_EXPANSION } from '../../functions/urls/template.ts';

describe('a URL template', () => {
  it.each([
    ['https://a/x', ['https://a/x']],
    ['p{1..3}.html', ['p1.html', 'p2.html', 'p3.html']],
    ['{0..90..30}', ['0', '30', '60', '90']],
    ['{0..100..30}', ['0', '30', '60', '90']],
    ['{08..11}', ['08', '09', '10', '11']],
    ['{1..010..4}', ['001', '005', '009']],
    ['{3..1}', ['3', '2', '1']],
    ['{10..0..-5}', ['10', '5', '0']],
    ['{-1..1}', ['-1', '0', '1']],
    ['{-01..1}', ['-01', '000', '001']],
    ['{a..e..2}', ['a', 'c', 'e']],
    ['{C..A}', ['C', 'B', 'A']],
    ['{5..5}', ['5']],
    ['{red,dark blue,}', ['red', 'dark blue', '']],
    ['{a,b}-{1..2}', ['a-1', 'a-2', 'b-1', 'b-2']],
    ['{1..2}{1..2}{1..2}', ['111', '112', '121', '122', '211', '212', '221', '222']],
  ])('%s stands for %j', (template, urls) => {
    expect([...expandTemplate(template)]).toEqual(urls);
    expect(countTemplate(template)).toBe(urls.length);
  });

  it.each(['{}', '{1..}', '{1..2..0}', '{a..Z}', '{id}', 'x{1..2', 'x}y', '{{1..2}}', '{1..99999999999999999999}', '{1..a}', '{1..2,3}'])(
    'refuses %s and says how a range is written',
    (template) => {
      expect(() => [...expandTemplate(template)]).toThrow('is no range. Write {1..50}');
    },
  );

  it('is expanded lazily and within a limit', () => {
    const urls = expandTemplate('https://a/{1..1000}/{1..100000}');
    expect(urls.next().value).toBe('https://a/1/1');
    expect(() => expandTemplate(`{0..${MAX_EXPANSION}}`).next()).toThrow(`stands for ${MAX_EXPANSION + 1} URLs, over the limit`);
  });

  it('gives as many different URLs as it counts, each within its bounds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -500, max: 500 }),
        fc.integer({ min: -500, max: 500 }),
        fc.integer({ min: 1, max: 99 }),
        (from, to, step) => {
          const values = [...expandTemplate(`{${from}..${to}..${step}}`)].map(Number);
          expect(values[0]).toBe(from);
          expect(new Set(values).size).toBe(countTemplate(`{${from}..${to}..${step}}`));
          for (const [i, value] of values.entries()) expect(value).toBe(from + Math.sign(to - from) * step * i);
          expect(Math.abs(to - (values.at(-1) ?? NaN))).toBeLessThan(step);
        },
      ),
    );
  });
});

describe('the start of a scraper', () => {
  const parts = async (start: Parameters<typeof readStart>[0]) => {
    const all: StartPart[] = [];
    for await (const part of readStart(start)) all.push(part);
    return all;
  };

  it('is a URL, a template, a file, a sitemap, or a list of them', async () => {
    expect(await parts('https://a/{1..2}')).toEqual([{ url: 'https://a/1' }, { url: 'https://a/2' }]);
    expect(await parts(['https://a/', 'file:shops.csv', 'sitemap:https://a/s{1}.xml'])).toEqual([
      { url: 'https://a/' },
      { file: 'shops.csv' },
      { sitemap: 'https://a/s{1}.xml' },
    ]);
  });

  it('is a function, whose URLs are taken as they are', async () => {
    expect(await parts(() => ['https://a/{x}', 'sitemap:https://a/s.xml'])).toEqual([
      { url: 'https://a/{x}' },
      { sitemap: 'https://a/s.xml' },
    ]);
    const later = async function* () {
      yield 'https://a/1';
      yield 'https://a/2';
    };
    expect(await parts(later)).toEqual([{ url: 'https://a/1' }, { url: 'https://a/2' }]);
  });
});
