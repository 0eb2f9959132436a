import { describe, expect, test } from 'vitest';
import { MAX_ROBOTS_BYTES, parseRobots, robotsPolicy } from '../../functions/fetch/robots.ts';

const HOST = 'https://example.org';
const rules = (text: string) => parseRobots(text, 'urldrop');
const allows = (text: string, path: string): boolean => rules(text).allows(HOST + path);

describe('groups', () => {
  test('the group of the crawler holds alone, wherever it stands', () => {
    const text = 'user-agent: *\ndisallow: /\n\nuser-agent: urldrop\ndisallow: /private\n';
    expect(allows(text, '/page')).toBe(true);
    expect(allows(text, '/private')).toBe(false);
  });

  test('the group of * holds for whoever has none of its own', () => {
    expect(allows('user-agent: other\ndisallow: /a\n\nuser-agent: *\ndisallow: /b', '/a')).toBe(true);
    expect(allows('user-agent: other\ndisallow: /a\n\nuser-agent: *\ndisallow: /b', '/b')).toBe(false);
  });

  test('an empty group of its own frees the crawler from the group of *', () => {
    expect(allows('user-agent: *\ndisallow: /\n\nuser-agent: urldrop\ndisallow:\n', '/a')).toBe(true);
    expect(allows('user-agent: *\ndisallow: /\n\nuser-agent: urldrop', '/a')).toBe(true);
  });

  test('groups of one crawler are merged', () => {
    const text = 'user-agent: urldrop\ndisallow: /a\n\nuser-agent: other\ndisallow: /b\n\nuser-agent: URLdrop\ndisallow: /c';
    expect(['/a', '/b', '/c'].map((path) => allows(text, path))).toEqual([false, true, false]);
  });

  test('agents in a row share the rules that follow, whatever stands between', () => {
    const text = 'user-agent: other\n\n# comment\nunknown: x\nsitemap: https://example.org/s.xml\nuser-agent: urldrop\ndisallow: /a';
    expect(allows(text, '/a')).toBe(false);
  });

  test('an agent after rules begins a new group', () => {
    expect(allows('user-agent: urldrop\ndisallow: /a\nuser-agent: other\ndisallow: /b', '/b')).toBe(true);
  });

  test('rules before any agent belong to nobody', () => {
    expect(allows('disallow: /\nuser-agent: *\ndisallow: /a', '/b')).toBe(true);
  });

  test.each(['urldrop', 'URLDROP', 'urldrop/2.0', 'urldrop (+https://example.org)'])('%s names the crawler', (name) => {
    expect(allows(`user-agent: ${name}\ndisallow: /`, '/a')).toBe(false);
  });

  test.each(['urldropper', 'url', 'my-urldrop', 'urldrop-images'])('%s names another one', (name) => {
    expect(allows(`user-agent: ${name}\ndisallow: /`, '/a')).toBe(true);
  });
});

describe('rules', () => {
  test.each([
    // RFC 9309, section 2.2.2 and the examples of section 5.
    ['the longest match wins', 'allow: /p\ndisallow: /page', '/page', false],
    ['the longest match wins, whatever the order', 'disallow: /p\nallow: /page', '/page/1', true],
    ['allow wins a tie', 'disallow: /page\nallow: /page', '/page', true],
    ['no match allows', 'disallow: /a', '/b', true],
    ['an empty disallow allows', 'disallow:', '/a', true],
    ['an empty allow allows nothing that is forbidden', 'disallow: /\nallow:', '/a', false],
    ['paths are case-sensitive', 'disallow: /A', '/a', true],
    ['a pattern matches from the start', 'disallow: /a', '/b/a', true],
    ['a pattern matches any longer path', 'disallow: /a', '/abc?x', false],
    ['* matches any run', 'disallow: /a*z', '/a/b/c/z/d', false],
    ['* matches nothing, too', 'disallow: /a*z', '/az', false],
    ['* at the end changes nothing', 'disallow: /a*', '/abc', false],
    ['several stars', 'disallow: /*/b/*.gif', '/x/b/y/z.gif?1', false],
    ['$ ends the path', 'disallow: /*.php$', '/a.php', false],
    ['$ ends the path: a query goes on', 'disallow: /*.php$', '/a.php?x=1', true],
    ['$ inside a pattern is a letter', 'disallow: /a$b', '/a$b', false],
    ['the query is part of the path', 'disallow: /*?session=', '/a?session=1', false],
    ['the root alone', 'disallow: /$', '/', false],
    ['the root alone leaves the rest', 'disallow: /$', '/a', true],
    ['robots.txt itself is always allowed', 'disallow: /', '/robots.txt', true],
    ['a pattern without a slash at its start matches nothing', 'disallow: a', '/a', true],
    ['a pattern that begins with a star', 'disallow: *.gif$', '/a.gif', false],
    ['the specific wins over a star of the same length', 'allow: /page\ndisallow: /*.htm', '/page.htm', false],
  ])('%s', (_what, text, path, expected) => {
    expect(allows(`user-agent: *\n${text}`, path)).toBe(expected);
  });

  test.each([
    // The table of RFC 9309, section 2.2.2.
    ['/foo/bar?baz=quz', '/foo/bar?baz=quz'],
    ['/foo/bar?baz=https://foo.bar', '/foo/bar?baz=https://foo.bar'],
    ['/foo/bar/ツ', '/foo/bar/%E3%83%84'],
    ['/foo/bar/%E3%83%84', '/foo/bar/ツ'],
    ['/foo/bar/%e3%83%84', '/foo/bar/%E3%83%84'],
    ['/foo/bar/%62%61%7A', '/foo/bar/baz'],
    ['/foo/bar/baz', '/foo/bar/%62%61%7a'],
    ['/a%2Fb', '/a%2fb'],
    ['/a b', '/a%20b'],
    ['/~joe', '/%7Ejoe'],
  ])('%s and %s are one path', (pattern, path) => {
    expect(allows(`user-agent: *\ndisallow: ${pattern}`, path)).toBe(false);
  });

  test('an escaped slash is no slash, an escaped star no star', () => {
    expect(allows('user-agent: *\ndisallow: /a%2Fb', '/a/b')).toBe(true);
    expect(allows('user-agent: *\ndisallow: /a%2Ab', '/axb')).toBe(true);
    expect(allows('user-agent: *\ndisallow: /a%2Ab', '/a*b')).toBe(false);
    expect(allows('user-agent: *\ndisallow: /a%24', '/a$')).toBe(false);
  });

  test.each(['', '?x=1', '#part', '/#part'])('a URL that ends in %j after its host is the root', (end) => {
    expect(parseRobots('user-agent: *\ndisallow: /', 'urldrop').allows(`${HOST}${end}`)).toBe(false);
    expect(parseRobots('user-agent: *\ndisallow: /x', 'urldrop').allows(`${HOST}${end}`)).toBe(true);
  });
});

describe('the file', () => {
  test('comments, blanks and case are passed over', () => {
    expect(allows('  User-Agent :\turldrop # us\n\n DISALLOW:/a#b\n', '/a')).toBe(false);
  });

  test.each(['\n', '\r\n', '\r'])('lines may end in %j', (end) => {
    expect(allows(['user-agent: *', 'disallow: /a', 'disallow: /b'].join(end), '/b')).toBe(false);
  });

  test('a byte order mark is left out', () => {
    expect(allows('\uFEFFuser-agent: *\ndisallow: /', '/a')).toBe(false);
    expect(parseRobots(Buffer.from('\uFEFFuser-agent: *\ndisallow: /'), 'urldrop').allows(`${HOST}/a`)).toBe(false);
  });

  test('an HTML page in its place forbids nothing', () => {
    expect(allows('<!doctype html>\n<title>404: not found</title>\n<p>disallow: /', '/a')).toBe(true);
  });

  test('what comes after 500 KiB is left out, and so is the rule that is cut there', () => {
    const head = 'user-agent: *\ndisallow: /a\n';
    const cut = 'disallow: /page-that-is-long\n';
    const filler = `${'#'.repeat(MAX_ROBOTS_BYTES - head.length - 16)}\n`;
    const text = `${head}${filler}${cut}disallow: /late\n`;
    expect(text.slice(0, MAX_ROBOTS_BYTES)).toMatch(/disallow: \/pag?e?$/);
    expect(['/a', '/page', '/pa', '/late'].map((path) => allows(text, path))).toEqual([false, true, true, true]);
  });

  test('sitemaps come out, whatever group they stand in', () => {
    const text = 'sitemap: https://example.org/a.xml\nuser-agent: other\nSitemap:https://example.org/b.xml # new\ndisallow: /\nsitemap:';
    expect(rules(text).sitemaps).toEqual(['https://example.org/a.xml', 'https://example.org/b.xml']);
  });

  test.each([
    ['user-agent: *\ncrawl-delay: 2.5', 2_500],
    ['user-agent: *\ncrawl-delay: 1\ncrawl-delay: 3', 3_000],
    ['user-agent: *\ncrawl-delay: 10\n\nuser-agent: urldrop\ndisallow: /x', undefined],
    ['user-agent: *\ncrawl-delay: soon', undefined],
    ['user-agent: *\ncrawl-delay: -1', undefined],
    ['crawl-delay: 5', undefined],
  ])('%j asks for a delay of %s', (text, expected) => {
    expect(rules(text).crawlDelayMs).toBe(expected);
  });

  test('signals about the use of the content come out as written', () => {
    const text = 'user-agent: *\nContent-Signal: search=yes, ai-train=no\nContent-Usage: /press train-ai=n\nallow: /';
    expect(rules(text).signals).toEqual(['content-signal: search=yes, ai-train=no', 'content-usage: /press train-ai=n']);
  });
});

describe('what the answer to robots.txt means', () => {
  test.each([
    [200, 'parse'],
    [204, 'parse'],
    [301, 'allow-all'],
    [400, 'allow-all'],
    [401, 'allow-all'],
    [403, 'allow-all'],
    [404, 'allow-all'],
    [410, 'allow-all'],
    [429, 'forbid-and-retry-later'],
    [500, 'forbid-and-retry-later'],
    [503, 'forbid-and-retry-later'],
    [599, 'forbid-and-retry-later'],
    ['unreachable', 'forbid-and-retry-later'],
  ] as const)('%s: %s', (status, policy) => {
    expect(robotsPolicy(status)).toBe(policy);
  });
});
