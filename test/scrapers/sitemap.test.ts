import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import sitemap from '../../functions/scrapers/sitemap.ts';
import { pageOf } from '../scraper/page-of.ts';
import { errorOf } from '../scraper/run.ts';

const index = `<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>https://shop.example/a.xml</loc></sitemap><sitemap><loc> https://shop.example/b.xml.gz </loc><lastmod>2024-01-01</lastmod></sitemap></sitemapindex>`;
const urlset = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>https://shop.example/1?a=1&amp;b=2</loc><lastmod>2024-03-05T10:00:00+01:00</lastmod><changefreq>daily</changefreq><priority>0.8</priority>
<image:image><image:loc>https://shop.example/1.jpg</image:loc></image:image></url>
<url><loc><![CDATA[https://shop.example/2]]></loc><lastmod>soon</lastmod><priority>high</priority></url>
<url><loc>mailto:a@b.example</loc></url><url></url></urlset>`;

function visit(url: string, page: string | undefined, body: string | Buffer, contentType: string) {
  return sitemap.run({ url, ...(page !== undefined && { page }) }, pageOf(body, { url, contentType }));
}
const paths = (follows: readonly { url: string; page?: string }[]) => follows.map((f) => [f.page, f.url]);

describe('sitemap', () => {
  test('asks robots.txt and the usual place, whatever page of the site it is given', async () => {
    const { items, follows } = await visit('https://shop.example/books/1', undefined, '<h1>Book</h1>', 'text/html');
    expect(items).toEqual([]);
    expect(paths(follows)).toEqual([
      ['robots', 'https://shop.example/robots.txt'],
      ['sitemap', 'https://shop.example/sitemap.xml'],
    ]);
  });

  test.each([['robots'], [undefined]])('finds sitemaps in robots.txt (page type %s)', async (page) => {
    const robots =
      'User-agent: *\r\nDisallow: /x\r\nSITEMAP: https://cdn.example/map.xml\r\n  sitemap:/other.xml # ours\r\n#sitemap: /no.xml';
    const { follows } = await visit('https://shop.example/robots.txt', page, robots, 'text/plain');
    expect(paths(follows)).toEqual([
      ['sitemap', 'https://cdn.example/map.xml'],
      ['sitemap', 'https://shop.example/other.xml'],
    ]);
  });

  test('follows an index', async () => {
    const { follows } = await visit('https://shop.example/sitemap.xml', 'sitemap', index, 'application/xml');
    expect(paths(follows)).toEqual([
      ['sitemap', 'https://shop.example/a.xml'],
      ['sitemap', 'https://shop.example/b.xml.gz'],
    ]);
  });

  test.each([
    ['as XML', urlset, 'text/xml'],
    ['packed as a file', gzipSync(urlset), 'application/x-gzip'],
    ['under a wrong type', urlset, 'text/plain'],
    ['with a prefix', urlset.replaceAll(/<(\/?)(url|loc|lastmod|changefreq|priority|urlset)\b/g, '<$1sm:$2'), 'application/xml'],
  ])('gives every URL %s', async (_, body, type) => {
    const { items } = await visit('https://shop.example/map', 'sitemap', body, type);
    expect(items).toEqual([
      { url: 'https://shop.example/1?a=1&b=2', lastModified: '2024-03-05T09:00:00.000Z', changeFrequency: 'daily', priority: 0.8 },
      { url: 'https://shop.example/2', lastModified: 'soon' },
    ]);
  });

  test('reads a sitemap that is given first', async () => {
    expect((await visit('https://shop.example/map.xml', undefined, urlset, 'application/xml')).items).toHaveLength(2);
  });

  test('reads a plain list', async () => {
    const { items } = await visit(
      'https://shop.example/urls.txt',
      'sitemap',
      '\ufeffhttps://shop.example/1\r\nno url\nhttps://shop.example/2\n',
      'text/plain',
    );
    expect(items).toEqual([{ url: 'https://shop.example/1' }, { url: 'https://shop.example/2' }]);
  });

  test('reads the largest sitemap that there may be', async () => {
    const big = `<urlset>${Array.from({ length: 50_000 }, (_, i) => `<url><loc>https://shop.example/${i}</loc><lastmod>2024-03-05</lastmod></url>`).join('')}</urlset>`;
    expect((await visit('https://shop.example/s.xml', 'sitemap', big, 'text/xml')).items).toHaveLength(50_000);
  });

  test('refuses a file that unpacks without end', async () => {
    const bomb = gzipSync(Buffer.alloc(60_000_000));
    expect((await errorOf(visit('https://shop.example/s.xml.gz', 'sitemap', bomb, 'application/gzip'))).code).toBe('parse');
  });
});
