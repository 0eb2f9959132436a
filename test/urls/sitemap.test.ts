import { describe, expect, it } from 'vitest';
import { read, readInBlocks, shown } from './read.ts';

const MAP = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc> https://a.example/1?x=1&amp;y=2 </loc><priority>0.5</priority></url>
  <url>
    <image:image><image:loc>https://a.example/i.png</image:loc></image:image>
    <lastmod>2024-05-01</lastmod><loc><![CDATA[https://a.example/ü]]></loc>
  </url>
  <url><loc>/relative</loc></url>
  <url><lastmod>2024</lastmod></url>
</urlset>
`;
const MAP_ENTRIES = [
  { url: 'https://a.example/1?x=1&y=2' },
  { url: 'https://a.example/%C3%BC', data: { lastmod: '2024-05-01' } },
  'bad-url 8: Line 8 of x is no URL. A URL begins with http:// or https:// and a host. Its <loc> reads: /relative',
  'bad-line 9: Line 9 of x ends an entry without <loc>. Give each entry its URL.',
];

describe('a sitemap', () => {
  it('cannot define entities', async () => {
    const text = '<!DOCTYPE urlset [<!ENTITY a "aaaa">]><urlset><url><loc>https://a.example/&a;</loc></url></urlset>';
    expect(shown(await read(text, 'x.xml'))).toEqual([{ url: 'https://a.example/&a;' }]);
  });

  it('gives its URLs with their dates and leaves extensions alone', async () => {
    expect(shown(await read(MAP, 'x'))).toEqual(MAP_ENTRIES);
  });

  it.each([1, 2, 7, 100])('reads the same in blocks of %i bytes', (size) => {
    expect(shown(readInBlocks(MAP, 'sitemap', size))).toEqual(MAP_ENTRIES);
  });

  it('with prefixed names is a sitemap too', async () => {
    const text = '<s:urlset xmlns:s="x"><s:url><s:loc>https://a.example/</s:loc></s:url></s:urlset>';
    expect(shown(await read(text, 'x.xml'))).toEqual([{ url: 'https://a.example/' }]);
  });

  it('that is an index names the sitemaps to read', async () => {
    const text = '<sitemapindex><sitemap><loc>https://a.example/1.xml.gz</loc><lastmod>2024</lastmod></sitemap></sitemapindex>';
    expect(shown(await read(text, 'x.xml'))).toEqual(['sitemap https://a.example/1.xml.gz']);
  });

  it('that is cut off keeps what it has and gets one fault', async () => {
    const cut = MAP.slice(0, MAP.indexOf('<lastmod>') + 12);
    expect(shown(await read(cut, 'x.xml'))).toEqual([
      MAP_ENTRIES[0],
      'bad-line 6: Line 6 of x.xml ends inside <lastmod>: the sitemap is cut off. What stands before it is kept.',
    ]);
  });

  it('with an address whose & is not escaped loses nothing', async () => {
    const entry = (n: number) => `<url><loc>https://a.example/${n}?a=1&b=2&copy=3</loc></url>\n`;
    expect(shown(await read(`<urlset>${entry(1)}${entry(2)}</urlset>`, 'x.xml'))).toEqual([
      { url: 'https://a.example/1?a=1&b=2&copy=3' },
      { url: 'https://a.example/2?a=1&b=2&copy=3' },
    ]);
  });

  it('of another kind of XML or of HTML is refused by its root', async () => {
    await expect(read('<!doctype html><html><body></body></html>', 'x.xml')).rejects.toThrow('x.xml is no sitemap: it begins with <html>');
  });

  it.each([
    ['elements without end', '<urlset>' + '<a>'.repeat(100_000), 'nests elements deeper than 32'],
    ['text without end', '<urlset><url><loc>' + 'x'.repeat(3_000_000), 'without a tag'],
    ['an attribute without end', '<urlset><url a="' + 'x'.repeat(3_000_000), 'without a tag'],
    ['a name without end', '<urlset><' + 'x'.repeat(3_000_000), 'without a tag'],
  ])('with %s is given up with one fault', async (_, text, message) => {
    expect(shown(await read(text, 'x.xml'))).toEqual([expect.stringContaining(message)]);
  });

  it('skips an overlong address with a fault and reads on', async () => {
    const text = `<urlset><url><loc>https://a.example/${'x'.repeat(70_000)}</loc></url><url><loc>https://a.example/2</loc></url></urlset>`;
    expect(shown(await read(text, 'x.xml'))).toEqual([expect.stringContaining('longer than 65536 bytes'), { url: 'https://a.example/2' }]);
  });
});
