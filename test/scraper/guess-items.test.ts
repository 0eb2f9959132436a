import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listPage } from '../../infra/local/sample-shop-pages.ts';
import { books } from '../../infra/local/sample-shop-books.ts';
import { buildScraper } from '../../functions/scraper/define-scraper.ts';
import { guessItems } from '../../functions/scraper/guess-items.ts';
import { buildTree } from '../../functions/scraper/page-tree.ts';
import { scraperSource } from '../../functions/scraper/scraper-source.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import { run } from './run.ts';

const treeOf = (html: string) =>
  buildTree(html, { parser: 'htmlparser2', xml: false, baseUrl: 'https://shop.example/', maxNesting: 1_000, maxNodes: 100_000 });

const menu = `<nav><ul>${['Home', 'News', 'Shop', 'About us', 'Contact', 'Imprint', 'Help'].map((x) => `<li><a href="/${x}">${x}</a></li>`).join('')}</ul></nav>`;

describe('a guess', () => {
  test('finds the books of the sample shop, their fields and the next page', async () => {
    const guess = guessItems(treeOf(listPage(1)));
    expect(guess).toMatchObject({ each: 'li.book', count: 20, next: 'a[rel~="next"]' });
    const scraper = buildScraper(
      { name: 'guess', pages: { list: { each: guess.each, extract: guess.fields, follow: { [guess.next ?? '']: 'list' } } } },
      undefined,
    );
    const { items, follows } = await run(scraper, listPage(1), { page: { url: 'https://shop.example/books/page-1.html' } });
    expect(items).toHaveLength(20);
    const [book] = books;
    expect(items[0]).toMatchObject({
      title: book?.title,
      author: book?.author,
      price: (book?.pricePence ?? 0) / 100,
      url: `https://shop.example${book?.path}`,
    });
    expect(follows).toEqual([{ url: 'https://shop.example/books/page-2.html', depth: 1 }]);
  });

  test('finds a table’s rows', () => {
    const rows = ['Osyth', 'Wick', 'Brae', 'Nore', 'Holm'].map(
      (port, i) => `<tr><td class="port">${port}</td><td class="height">${i + 1}.5 m</td></tr>`,
    );
    expect(guessItems(treeOf(`${menu}<table id="tides"><tr><th>Port<th>Height</tr>${rows.join('')}</table>`))).toMatchObject({
      fields: { port: 'td.port', height: { selector: 'td.height', as: 'number' } },
    });
  });

  test('prefers articles to menus, and tells dates, images and lists', () => {
    const posts = [1, 2, 3, 4].map(
      (n) => `<div class="post css-19x2"><h2><a href="/p/${n}">Post ${n} on the sea</a></h2><time datetime="2024-03-0${n}">x</time>
        <img class="lead" src="/${n}.jpg"><p class="teaser">Some words about walk number ${n}.</p><span class="tag">sea</span><span class="tag">walk ${n}</span></div>`,
    );
    expect(guessItems(treeOf(`${menu}<main>${posts.join('')}</main><footer>${menu}</footer>`))).toMatchObject({
      each: 'div.post',
      count: 4,
      fields: {
        title: 'h2',
        url: { selector: 'a', attr: 'href', as: 'url' },
        date: { selector: 'time', attr: 'datetime', as: 'date' },
        lead: { selector: 'img.lead', value: 'src' },
        teaser: 'p.teaser',
        tag: ['span.tag'],
      },
    });
  });

  test('of a page that repeats nothing takes the page for the item', () => {
    const guess = guessItems(treeOf('<body><h1>Lamp</h1><p class="price">£3</p></body>'));
    expect(guess).toEqual({ count: 1, fields: { title: 'h1', price: { selector: 'p.price', as: 'number' } } });
  });

  test('of any page is a scraper that can be defined', () => {
    const piece = fc.constantFrom(
      '<div class="a">',
      '<div class="b-c 9x">',
      '</div>',
      '<ul>',
      '<li class=x>',
      '</ul>',
      '<p>t',
      '<a href="/x">l',
      '</a>',
      '<h2>',
      '12',
      "it's",
      '<img src=i>',
      '<td>',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const guess = guessItems(treeOf(pieces.join('')));
        const extract = Object.keys(guess.fields).length > 0 ? guess.fields : { title: 'title' };
        const page = {
          extract,
          ...(guess.each !== undefined && { each: guess.each }),
          ...(guess.next !== undefined && { follow: { [guess.next]: 'page' } }),
        };
        expect(buildScraper({ name: 'guess', pages: { page } }, undefined).name).toBe('guess');
      }),
      { numRuns: 300 },
    );
  });

  test('is written as a file that works', async () => {
    const cache = join(import.meta.dirname, '../../node_modules/.cache');
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, 'guess-'));
    try {
      const source = scraperSource('my-books', 'https://shop.example/books/page-1.html', guessItems(treeOf(listPage(1))));
      writeFileSync(
        join(folder, 'my-books.ts'),
        source.replaceAll("from '../", `from '${relative(folder, join(import.meta.dirname, '../../functions'))}/`),
      );
      const { default: scraper } = (await import(join(folder, 'my-books.ts'))) as { default: Scraper };
      expect(scraper).toMatchObject({ name: 'my-books', start: 'https://shop.example/books/page-1.html' });
      expect((await run(scraper, listPage(2))).items).toHaveLength(20);
      expect(source).toContain("      each: 'li.book',\n      extract: {\n        title: 'h3',\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('is quoted soundly', () => {
    const source = scraperSource('x', 'https://a.example/{1}', {
      count: 1,
      fields: { 'a-b': { selector: `p:contains("it's")` }, c: ["p:contains('x')"] },
    });
    expect(source).toContain(`'a-b': { selector: "p:contains(\\"it's\\")" },`);
    expect(source).toContain(`c: ["p:contains('x')"],`);
    expect(source).toContain('https://a.example/%7B1%7D');
  });
});
