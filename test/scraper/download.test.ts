import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildScraper, defineScraper } from '../../functions/scraper/define-scraper.ts';
import { fileName } from '../../functions/scraper/file-name.ts';
import { errorOf, run } from './run.ts';

const files = defineScraper({
  name: 'files',
  limits: { maxFiles: 3, maxFileBytes: 1_000 },
  pages: {
    page: {
      *parse({ $, download }) {
        for (const a of $('a')) yield { title: $(a).text(), file: download(a) };
      },
    },
  },
});

describe('download', () => {
  test('gives the item the key of the file, and the job a request for it', async () => {
    const { items, follows } = await run(files, '<a href="https://cdn.example/videos/My%20clip.mp4?x=1">One</a>', {
      context: { job: 'files-20260101' },
      request: { depth: 2 },
    });
    const [request] = follows;
    expect(request).toEqual({
      url: 'https://cdn.example/videos/My%20clip.mp4?x=1',
      page: '@file',
      depth: 3,
      file: { name: expect.stringMatching(/^[0-9a-f]{16}-My_clip\.mp4$/) as string, maxBytes: 1_000 },
    });
    expect(items).toEqual([
      { title: 'One', file: { url: 'https://cdn.example/videos/My%20clip.mp4?x=1', key: `files/files-20260101/${request?.file?.name}` } },
    ]);
  });

  test('gives nothing where there is no address', async () => {
    const { items, follows, dropped } = await run(files, '<a>One</a><a href="mailto:a@b.example">Two</a>');
    expect({ items, follows, dropped }).toEqual({ items: [{ title: 'One' }, { title: 'Two' }], follows: [], dropped: { scheme: 1 } });
  });

  test('asks for one file once, and for no more than the page’s share', async () => {
    const { items, follows, dropped } = await run(
      files,
      ['a', 'a', 'b', 'c', 'd', 'd', 'a'].map((x) => `<a href="/${x}">${x}</a>`).join(''),
    );
    expect(follows.map((request) => request.url)).toEqual(['a', 'b', 'c'].map((x) => `https://shop.example/${x}`));
    expect(dropped).toEqual({ files: 2 });
    expect(items.filter((item) => typeof item === 'object' && item !== null && 'file' in item)).toHaveLength(5);
  });

  test('may be yielded by itself, take a name, headers and a size', async () => {
    const scraper = defineScraper({
      name: 'files',
      pages: {
        page: {
          *parse({ $, download }) {
            yield download($('a'), { name: '../../etc/passwd', maxBytes: 5, headers: { Referer: 'https://shop.example/' } });
          },
        },
      },
    });
    const { items, follows } = await run(scraper, '<a href="/a">');
    expect(items).toEqual([]);
    expect(follows).toMatchObject([
      {
        headers: { referer: 'https://shop.example/' },
        file: { maxBytes: 5, name: expect.stringMatching(/^[0-9a-f]{16}-etc_passwd$/) as string },
      },
    ]);
  });

  test('can be declared as a conversion', async () => {
    const scraper = defineScraper({
      name: 'files',
      pages: { page: { extract: { covers: [{ selector: 'img', attr: 'src', as: 'file' }] } } },
    });
    expect(scraper.follows).toBe(true);
    const { items, follows } = await run(scraper, '<img src="/1.png"><img src="/2.png">', { context: { job: 'j' } });
    expect(items).toEqual([{ covers: follows.map((request) => ({ url: request.url, key: `files/j/${request.file?.name}` })) }]);
    expect(follows).toHaveLength(2);
  });

  test('of a page that fails is not made', async () => {
    const scraper = buildScraper(
      {
        name: 'files',
        pages: { page: { extract: { file: { selector: 'a', attr: 'href', as: 'file' }, title: { selector: 'h1', required: true } } } },
      },
      undefined,
    );
    expect((await errorOf(run(scraper, '<a href="/x">'))).code).toBe('invalid-item');
  });
});

describe('the name of a file', () => {
  test('is safe, short, readable, and the same for the same request', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), fc.option(fc.string({ unit: 'binary' }), { nil: undefined }), (url, wanted) => {
        const name = fileName({ url: new URL(url).href, page: '@file' }, wanted);
        expect(name).toMatch(/^[0-9a-f]{16}(-[\p{L}\p{N}\p{M}._-]+)?$/u);
        expect(name).not.toContain('..');
        expect(name.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(name)).toBeLessThan(500);
        expect(fileName({ url: new URL(url).href, page: '@file' }, wanted)).toBe(name);
      }),
      { numRuns: 1_000 },
    );
  });

  test('differs for different requests', () => {
    const urls = ['https://a.example/x.pdf', 'https://a.example/x.pdf?v=2', 'https://b.example/x.pdf', 'http://a.example/x.pdf'];
    expect(new Set(urls.map((url) => fileName({ url, page: '@file' }))).size).toBe(4);
  });

  test('keeps what the file is when it is cut', () => {
    expect(fileName({ url: `https://a.example/${'long'.repeat(100)}.tar.gz`, page: '@file' })).toMatch(/^.{16}-(long)+(l|lo|lon)?\.gz$/);
    expect(fileName({ url: 'https://a.example/%E6%9D%B1%E4%BA%AC.pdf', page: '@file' })).toMatch(/-東京\.pdf$/);
    expect(fileName({ url: 'https://a.example/%zz', page: '@file' })).toMatch(/^.{16}-zz$/);
  });
});
