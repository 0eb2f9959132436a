import { describe, expect, test } from 'vitest';
import { defineScraper } from '../../functions/scraper/define-scraper.ts';
import { withQuery } from '../../functions/scraper/pagination.ts';
import { run } from './run.ts';

const list = defineScraper({
  name: 'list',
  pages: {
    list: {
      *parse({ follow }) {
        yield follow.next();
      },
    },
  },
});

describe('follow.next', () => {
  test.each([
    ['rel=next', '<a href="/1">Next</a><a rel="nofollow next" href="/2">2</a>', '/2'],
    ['a link in the head', '<link rel="next" href="/2"><a href="/3">Next</a>', '/2'],
    ['a word', '<a href="/1">Nextdoor</a><a href="/2"> Next </a>', '/2'],
    ['a word of another language', '<a href="/1">上一页</a><a href="/2">下一页</a>', '/2'],
    ['an arrow', '<a href="/1">‹</a><a href="/2">›</a>', '/2'],
    ['a label for screen readers', '<a href="/2" aria-label="Next page"><svg></svg></a>', '/2'],
    ['a title', '<a href="/2" title="Next"><img></a>', '/2'],
  ])('finds the next page by %s', async (_, body, path) => {
    expect((await run(list, body)).follows).toEqual([{ url: `https://shop.example${path}`, depth: 1 }]);
  });

  test.each([
    ['no such link', '<a href="/1">Previous</a>'],
    ['a disabled link', '<a class="page disabled" href="/2">Next</a>'],
    ['a link to nowhere', '<a href="#">Next</a><a href="javascript:void(0)">Next</a>'],
  ])('ends at %s', async (_, body) => {
    expect((await run(list, body)).follows).toEqual([]);
  });

  test('takes a selector, a page type and data', async () => {
    const scraper = defineScraper({
      name: 'list',
      pages: {
        list: {
          *parse({ follow }) {
            yield follow.next('.more', 'list', { data: 1 });
          },
        },
      },
    });
    expect(
      (await run(scraper, '<a href="/1">Next</a><a class="more" href="/2">Load</a><a class="more" href="/3">Load</a>')).follows,
    ).toEqual([{ url: 'https://shop.example/2', data: 1, depth: 1 }]);
  });
});

test('withQuery changes, adds and takes out parts of a query', () => {
  expect(withQuery('https://a.example/list?page=1&sort=a%20b#top', { page: 2, size: 50 })).toBe(
    'https://a.example/list?page=2&sort=a+b&size=50#top',
  );
  expect(withQuery('https://a.example/list?page=1&all=1', { all: undefined })).toBe('https://a.example/list?page=1');
});

test('canonical is the page’s own word on its address', async () => {
  const scraper = defineScraper({
    name: 'list',
    pages: {
      page: {
        *parse({ canonical }) {
          yield { canonical: canonical() };
        },
      },
    },
  });
  expect((await run(scraper, '<link rel="Canonical" href="/c#x">')).items).toEqual([{ canonical: 'https://shop.example/c' }]);
  expect((await run(scraper, '')).items).toEqual([{}]);
});
