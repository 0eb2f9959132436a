import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Request } from '../../functions/job/request.ts';
import { requestKey } from '../../functions/job/request.ts';
import { scrapers } from '../../functions/scrapers/index.ts';
import shop from '../../functions/scrapers/shop.ts';
import { pageOf } from '../scraper/page-of.ts';
import { books, PAGE_COUNT, startShop, type SampleShop } from '../sites/shop.ts';

let site: SampleShop;
beforeAll(async () => {
  site = await startShop();
});
afterAll(() => site.close());

async function visit(request: Request) {
  const answer = await fetch(request.url);
  const page = pageOf(Buffer.from(await answer.arrayBuffer()), { url: answer.url, status: answer.status });
  return shop.run(request, page);
}

describe('the sample shop', () => {
  test('is scraped whole from its first page: each page once, each book right', async () => {
    const waiting: Request[] = [{ url: `${site.url}/books/page-1.html` }];
    const seen = new Set(waiting.map(requestKey));
    const items: Record<string, unknown>[] = [];
    for (let request = waiting.shift(); request; request = waiting.shift()) {
      const { items: found, follows } = await visit(request);
      items.push(...(found as Record<string, unknown>[]));
      for (const next of follows) {
        if (seen.has(requestKey(next))) continue;
        seen.add(requestKey(next));
        waiting.push(next);
      }
    }

    expect(seen.size).toBe(PAGE_COUNT + books.length);
    expect(items).toHaveLength(books.length);
    const byTitle = new Map(items.map((item) => [item['title'], item]));
    for (const book of books) {
      expect(byTitle.get(book.title)).toEqual({
        title: book.title,
        author: book.author,
        price: book.pricePence / 100,
        ...(book.regularPence !== undefined && { regularPrice: book.regularPence / 100 }),
        stock: book.stock,
        published: book.published,
        isbn: book.isbn,
        tags: book.tags,
        cover: `${site.url}${book.coverPath}`,
        description: book.description,
      });
    }
  });

  test('is the same shop on every run', async () => {
    const other = await startShop();
    const [a, b] = await Promise.all([fetch(`${site.url}${books[41]?.path}`), fetch(`${other.url}${books[41]?.path}`)]);
    expect(await a.text()).toBe(await b.text());
    await other.close();
  });

  test('serves every image and style that its pages name, and 404 for what it lacks', async () => {
    const html = await (await fetch(`${site.url}/books/page-1.html`)).text();
    const named = [...html.matchAll(/(?:src|href)="(\/[^"]*\.(?:svg|css))"/g)].map((match) => match[1]);
    expect(named.length).toBeGreaterThan(20);
    for (const path of new Set(named)) expect((await fetch(`${site.url}${path}`)).status).toBe(200);
    expect((await fetch(`${site.url}/books/page-13.html`)).status).toBe(404);
    expect(site.log.at(-1)).toMatchObject({ method: 'GET', path: '/books/page-13.html', status: 404 });
  });

  test('asks robots to leave the basket alone', async () => {
    expect(await (await fetch(`${site.url}/robots.txt`)).text()).toContain('Disallow: /basket/');
  });
});

test('the list of scrapers holds each under its own name', () => {
  expect(Object.keys(scrapers)).toEqual(expect.arrayContaining(['page', 'shop']));
  for (const [name, scraper] of Object.entries(scrapers)) expect(scraper.name).toBe(name);
});
