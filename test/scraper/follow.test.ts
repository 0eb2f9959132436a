import { describe, expect, test } from 'vitest';
import type { Request } from '../../functions/job/request.ts';
import { defineScraper } from '../../functions/scraper/define-scraper.ts';
import type { ParseContext } from '../../functions/scraper/definition.ts';
import type { OptionInput } from '../../functions/scraper/scraper-options.ts';
import type { RunContext } from '../../functions/scraper/types.ts';
import { run } from './run.ts';

type Parse = (context: ParseContext<'list' | 'detail'>) => Iterable<unknown>;

function follow(
  body: string,
  parse: Parse,
  more: { follow?: OptionInput['follow']; request?: Partial<Request>; url?: string; context?: RunContext } = {},
) {
  const scraper = defineScraper({
    name: 'test',
    follow: more.follow ?? {},
    pages: { list: { parse }, detail: { extract: { title: 'h1' } } },
  });
  return run(scraper, body, {
    ...(more.url !== undefined && { page: { url: more.url } }),
    ...(more.request && { request: more.request }),
    ...(more.context && { context: more.context }),
  });
}

const urlsOf = (requests: readonly Request[]) => requests.map((request) => request.url);

describe('follow', () => {
  test('takes an address, an element, a selection, or many of them', async () => {
    const { follows } = await follow(
      '<a href="b">b</a><a href="/c">c</a><link rel="next" href="?p=2"><form action="/f"></form><iframe src="/i"></iframe>',
      function* ({ $, follow: go }) {
        yield go('a');
        yield go(new URL('https://shop.example/u'));
        yield go($('a')[0]);
        yield go($('a'));
        yield go(['x', $('link')[0]]);
        yield go($('form'));
        yield go($('iframe'));
      },
    );
    expect(urlsOf(follows)).toEqual(
      ['list/a', 'u', 'list/b', 'c', 'list/x', 'list/1?p=2', 'f', 'i'].map((path) => `https://shop.example/${path}`),
    );
  });

  test('takes nothing without complaint: a pagination ends so', async () => {
    const { follows, dropped } = await follow('<a>no href</a>', function* ({ $, follow: go }) {
      yield go($('.next'));
      yield go($('.next')[0]);
      yield go($('a'));
      yield go(null);
      yield go.all('.next');
    });
    expect({ follows, dropped }).toEqual({ follows: [], dropped: {} });
  });

  test('resolves against the first base href, else against the URL that answered', async () => {
    const parse: Parse = function* ({ follow: go }) {
      yield go.all('a');
    };
    const base = await follow('<base target="x"><base href="/deep/er/"><base href="/other/"><a href="b#top">', parse);
    const answered = await follow('<a href="b">', parse, { url: 'https://shop.example/moved/here' });
    const odd = await follow('<base href="javascript:void(0)"><a href="b">', parse);
    expect(urlsOf([...base.follows, ...answered.follows, ...odd.follows])).toEqual([
      'https://shop.example/deep/er/b',
      'https://shop.example/moved/b',
      'https://shop.example/list/b',
    ]);
  });

  test('gives each request its page type, depth and data, and follows it once per page', async () => {
    const { follows } = await follow(
      '<a href="/1"></a><a href="/1#again"></a><a class="next" href="/2"></a>',
      function* ({ follow: go }) {
        yield go.all('a:not(.next)', 'detail', { data: { from: 'list' } });
        yield go.all('a.next');
        yield go('/2', 'list');
        yield go('/2', 'detail');
      },
      { request: { depth: 4 } },
    );
    expect(follows).toEqual([
      { url: 'https://shop.example/1', page: 'detail', data: { from: 'list' }, depth: 5 },
      { url: 'https://shop.example/2', depth: 5 },
      { url: 'https://shop.example/2', page: 'detail', depth: 5 },
    ]);
  });

  test('posts text, forms and JSON', async () => {
    const { follows } = await follow('', function* ({ follow: go }) {
      yield go('/a', 'detail', { body: 'plain', headers: { 'Content-Type': 'text/plain' } });
      yield go('/a', 'detail', { body: new URLSearchParams({ q: 'ä b' }) });
      yield go('/a', 'detail', { body: { page: 2 }, method: 'put' });
      yield go('/a', 'detail', { headers: { 'X-Token': 't' } });
    });
    expect(follows.map(({ method, headers, body }) => ({ method, headers, body }))).toEqual([
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'plain' },
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'q=%C3%A4+b' },
      { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"page":2}' },
      { method: undefined, headers: { 'x-token': 't' }, body: undefined },
    ]);
  });

  test('drops what is no http(s) address, and counts it', async () => {
    const { follows, dropped } = await follow(
      '<a href="mailto:a@b.example"></a><a href="javascript:alert(1)"></a><a href="https://"></a><a href="file:///etc/passwd"></a><a href=" /ok "></a>',
      function* ({ follow: go }) {
        yield go.all('a');
      },
    );
    expect(urlsOf(follows)).toEqual(['https://shop.example/ok']);
    expect(dropped).toEqual({ scheme: 4 });
  });

  test.each([
    ['site', ['https://shop.example/a', 'https://www.shop.example/b', 'http://shop.example:8080/c']],
    ['host', ['https://shop.example/a']],
    [
      'any',
      [
        'https://shop.example/a',
        'https://www.shop.example/b',
        'http://shop.example:8080/c',
        'https://other.example/d',
        'https://notshop.example/e',
      ],
    ],
  ] as const)('stays within the %s', async (within, expected) => {
    const links = [
      '/a',
      'https://www.shop.example/b',
      'http://shop.example:8080/c',
      'https://other.example/d',
      'https://notshop.example/e',
    ];
    const { follows, dropped } = await follow(
      '',
      function* ({ follow: go }) {
        yield go(links);
      },
      { follow: { within } },
    );
    expect(urlsOf(follows)).toEqual(expected);
    expect(dropped?.elsewhere ?? 0).toBe(5 - expected.length);
  });

  test('goes to hosts that the scraper names besides', async () => {
    const { follows } = await follow(
      '',
      function* ({ follow: go }) {
        yield go(['https://cdn.other.example/a', 'https://other.example/b', 'https://img.example:8443/c']);
      },
      {
        follow: { within: 'host', hosts: ['*.other.example', 'img.example:8443'] },
      },
    );
    expect(urlsOf(follows)).toEqual(['https://cdn.other.example/a', 'https://img.example:8443/c']);
  });

  test('ends at its depth, the job deciding where it says so', async () => {
    const parse: Parse = function* ({ follow: go }) {
      yield go('/a');
    };
    expect((await follow('', parse, { follow: { maxDepth: 2 }, request: { depth: 1 } })).follows).toHaveLength(1);
    expect(await follow('', parse, { follow: { maxDepth: 2 }, request: { depth: 2 } })).toMatchObject({
      follows: [],
      dropped: { depth: 1 },
    });
    expect((await follow('', parse, { follow: { maxDepth: 2 }, request: { depth: 1 }, context: { maxDepth: 1 } })).follows).toHaveLength(0);
  });

  test('ends at its links per page and counts the rest', async () => {
    const { follows, dropped } = await follow(
      '',
      function* ({ follow: go }) {
        for (let i = 0; i < 10; i++) yield go(`/${i}`);
      },
      { follow: { maxLinks: 3 } },
    );
    expect(urlsOf(follows)).toEqual(['https://shop.example/0', 'https://shop.example/1', 'https://shop.example/2']);
    expect(dropped).toEqual({ links: 7 });
  });

  test('leaves links with rel=nofollow where the scraper wants it', async () => {
    const page = '<a href="/a" rel="noopener nofollow"></a><a href="/b"></a>';
    const parse: Parse = function* ({ follow: go }) {
      yield go.all('a');
    };
    expect((await follow(page, parse)).follows).toHaveLength(2);
    expect(await follow(page, parse, { follow: { nofollow: 'links' } })).toMatchObject({
      follows: [{ url: 'https://shop.example/b' }],
      dropped: { nofollow: 1 },
    });
  });

  test('follows nothing from a page that says nofollow to robots, unless the scraper is to ignore it', async () => {
    const parse: Parse = function* ({ follow: go }) {
      yield go.all('a');
      yield go('/c');
      yield { title: 'kept' };
    };
    const scraped = async (nofollow?: 'pages' | 'links' | 'ignore') => {
      const scraper = defineScraper({
        name: 'test',
        follow: nofollow ? { nofollow } : {},
        pages: { list: { parse }, detail: { extract: { title: 'h1' } } },
      });
      const robots = { directives: ['x-robots-tag: nofollow'], nofollow: true, signals: [] };
      return run(scraper, '<a href="/a"></a><a href="/b"></a>', { page: { robots } });
    };
    expect(await scraped()).toMatchObject({ items: [{ title: 'kept' }], follows: [], dropped: { nofollow: 3 } });
    expect(await scraped('links')).toMatchObject({ follows: [] });
    expect((await scraped('ignore')).follows).toHaveLength(3);
  });

  test('can be declared by selector', async () => {
    const scraper = defineScraper({
      name: 'test',
      pages: { list: { follow: { 'li a': 'detail', 'a.next': 'list' } }, detail: { extract: { title: 'h1' } } },
    });
    expect(scraper.follows).toBe(true);
    expect((await run(scraper, '<li><a href="/1"></a><a class="next" href="/2"></a></li>')).follows).toEqual([
      { url: 'https://shop.example/1', page: 'detail', depth: 1 },
      { url: 'https://shop.example/2', page: 'detail', depth: 1 },
      { url: 'https://shop.example/2', depth: 1 },
    ]);
  });
});
