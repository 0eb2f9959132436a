import { describe, expect, test } from 'vitest';
import { buildScraper } from '../../functions/scraper/define-scraper.ts';
import { errorOf, extractFrom, run } from './run.ts';

const product = `
  <h1>
    Brass <b>lamp</b>
  </h1>
  <p class="price">£1,250.50</p><p class="price">£9.00</p>
  <a class="more" href="../lamps?x=1#top" title=" Lamps ">More</a>
  <ul><li data-id="7"><a href="/a">First</a> <i>1</i></li><li data-id="8"><a href="/b">Second</a></li><li></li></ul>
  <script>var player = {srcUrl:"https://cdn.example/v.mp4",vdoUrl:"x"};</script>
  <div id="blocks"><p>one</p><p>two<br>three</p><table><tr><td>a</td><td>b</td></tr></table><style>.x{}</style></div>
  <script id="data" type="application/json">{"sku": 12}</script>`;

describe('a field', () => {
  test('that is a selector is the text of its first match, as a reader sees it', async () => {
    expect(await extractFrom(product, { title: 'h1', price: '.price' })).toEqual({ title: 'Brass lamp', price: '£1,250.50' });
  });

  test('keeps the words of neighbouring blocks and cells apart, and leaves styles out', async () => {
    expect(await extractFrom(product, { text: '#blocks' })).toEqual({ text: 'one two three a b' });
  });

  test('without a match is left out', async () => {
    expect(await extractFrom(product, { title: 'h1', none: '.none', attr: { selector: 'h1', attr: 'nope' } })).toEqual({
      title: 'Brass lamp',
    });
  });

  test('in a list is all matches that have a value', async () => {
    expect(
      await extractFrom(product, { prices: ['.price'], ids: [{ selector: 'li', attr: 'data-id', as: 'number' }], none: ['.none'] }),
    ).toEqual({ prices: ['£1,250.50', '£9.00'], ids: [7, 8], none: [] });
  });

  test('takes an attribute as it stands, or as the property of a browser', async () => {
    expect(
      await extractFrom(product, {
        raw: { selector: '.more', attr: 'href' },
        resolved: { selector: '.more', value: 'href' },
        title: { selector: '.more', value: 'title' },
        clean: { selector: '.more', attr: 'title', as: 'text' },
      }),
    ).toEqual({ raw: '../lamps?x=1#top', resolved: 'https://shop.example/lamps?x=1', title: ' Lamps ', clean: 'Lamps' });
  });

  test('takes other properties of an element', async () => {
    expect(
      await extractFrom('<div><p>a <b>b</b></p></div>', {
        inner: { selector: 'p', value: 'innerHTML' },
        outer: { selector: 'p', value: 'outerHTML' },
        text: { selector: 'p', value: 'textContent' },
        tag: { selector: 'p', value: 'tagName' },
      }),
    ).toEqual({ inner: 'a <b>b</b>', outer: '<p>a <b>b</b></p>', text: 'a b', tag: 'P' });
  });

  test('cut out by a pattern is the first group, the named groups, or the whole match', async () => {
    expect(
      await extractFrom(product, {
        group: { selector: 'script', match: /srcUrl:"([^"]+)",vdoUrl/ },
        groups: { selector: '.price', match: /(?<currency>\D)(?<amount>[\d,.]+)/ },
        whole: { selector: 'script', match: /vdo\w+/ },
        none: { selector: 'script', match: /nothing/ },
        number: { selector: '.price', match: /,(\d+)/, as: 'number' },
      }),
    ).toEqual({
      group: 'https://cdn.example/v.mp4',
      groups: { currency: '£', amount: '1,250.50' },
      whole: 'vdoUrl',
      number: 250,
    });
  });

  test('cut out by a pattern comes from the first match that fits it', async () => {
    const scripts = '<script>var a = 1;</script><script>var b = "x";</script><script>var b = "y";</script>';
    expect(
      await extractFrom(scripts, { b: { selector: 'script', match: /b = "(.)"/ }, all: [{ selector: 'script', match: /b = "(.)"/ }] }),
    ).toEqual({ b: 'x', all: ['x', 'y'] });
  });

  test('with a sticky or global pattern gives the same on every page', async () => {
    const scraper = buildScraper({ name: 'test', pages: { page: { extract: { n: { selector: 'p', match: /\d+/g } } } } }, undefined);
    for (let i = 0; i < 3; i++) expect((await run(scraper, '<p>ab 12</p>')).items).toEqual([{ n: '12' }]);
  });

  test('is converted by name', async () => {
    expect(
      await extractFrom(`${product}<time datetime="2024-03-05">5 March</time><i class="yes">Yes</i>`, {
        number: { selector: '.price', as: 'number' },
        url: { selector: '.more', attr: 'href', as: 'url' },
        json: { selector: '#data', as: 'json' },
        raw: { selector: 'h1', as: 'raw' },
        date: { selector: 'time', attr: 'datetime', as: 'date' },
        yes: { selector: '.yes', as: 'boolean' },
        noNumber: { selector: 'h1', as: 'number' },
        noJson: { selector: 'h1', as: 'json' },
      }),
    ).toEqual({
      number: 1250.5,
      url: 'https://shop.example/lamps?x=1',
      json: { sku: 12 },
      raw: '\n    Brass lamp\n  ',
      date: '2024-03-05',
      yes: true,
    });
  });

  test('is converted by a function of its text', async () => {
    expect(await extractFrom(product, { words: { selector: 'h1', as: (text) => text.split(' ').length } })).toEqual({ words: 2 });
  });

  test('is a nested object, looked up inside of its element', async () => {
    expect(
      await extractFrom(product, {
        entries: [
          { selector: 'li', value: { id: { selector: ':scope', attr: 'data-id' }, name: 'a', url: { selector: 'a', value: 'href' } } },
        ],
        first: { selector: 'ul', value: { name: 'a' } },
        plain: { deeper: { title: 'h1' } },
      }),
    ).toEqual({
      entries: [{ id: '7', name: 'First', url: 'https://shop.example/a' }, { id: '8', name: 'Second', url: 'https://shop.example/b' }, {}],
      first: { name: 'First' },
      plain: { deeper: { title: 'Brass lamp' } },
    });
  });

  test('is what a function makes of the page or the element', async () => {
    expect(
      await extractFrom(product, {
        count: ({ $ }) => $('li').length,
        at: ({ url }) => url,
        names: [{ selector: 'li a', value: (element) => element.name }],
      }),
    ).toEqual({ count: 3, at: 'https://shop.example/list/1', names: ['a', 'a'] });
  });

  test('may have any name', async () => {
    const item = await extractFrom(product, JSON.parse('{"__proto__": "h1", "constructor": "h1"}') as Record<string, string>);
    expect(JSON.stringify(item)).toBe('{"__proto__":"Brass lamp","constructor":"Brass lamp"}');
  });

  test.each([
    [{ selector: '.none' }, 'Field price is required, but its selector ".none" finds nothing.'],
    [{ selector: 'h1', as: 'number' }, 'Field price is required, but its selector "h1" finds "Brass lamp", which gives no number.'],
    [{ selector: 'h1', attr: 'id' }, 'Field price is required, but its selector "h1" finds nothing with attribute id.'],
    [{ selector: 'h1', match: /\d/ }, 'finds "Brass lamp", which does not match /\\d/.'],
    [[{ selector: '.none' }], 'Field price is required, but its selector ".none" finds nothing.'],
  ])('that is required and empty makes the item invalid: %j', async (spec, message) => {
    const required = Array.isArray(spec) ? [{ ...spec[0], required: true }] : { ...spec, required: true };
    const error = await errorOf(extractFrom(product, { price: required } as never));
    expect(error).toMatchObject({ code: 'invalid-item', message: expect.stringContaining(message) as string });
  });

  test('that is required inside of a list is named with its place', async () => {
    const error = await errorOf(extractFrom(product, { rows: [{ selector: 'li', value: { name: { selector: 'a', required: true } } }] }));
    expect(error.message).toContain('Field rows.2.name is required');
  });
});

describe('each', () => {
  test('gives one item for each match', async () => {
    const scraper = buildScraper(
      { name: 'test', pages: { page: { each: 'li[data-id]', extract: { name: 'a', id: { selector: ':scope', attr: 'data-id' } } } } },
      undefined,
    );
    expect((await run(scraper, product)).items).toEqual([
      { name: 'First', id: '7' },
      { name: 'Second', id: '8' },
    ]);
  });
});

test('XML keeps the case of its names and knows elements that close themselves', async () => {
  const item = await extractFrom(
    '<Root><Item/><Item>x</Item><link>https://a.example/</link></Root>',
    { items: ['Item'], link: 'link' },
    { contentType: 'application/xml' },
  );
  expect(item).toEqual({ items: ['', 'x'], link: 'https://a.example/' });
});
