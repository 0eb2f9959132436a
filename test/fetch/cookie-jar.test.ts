import { describe, expect, test } from 'vitest';
import { CookieJar } from '../../functions/fetch/cookie-jar.ts';
import { failureOf, pageOf, requestTo, startSite, testFetcher } from './harness.ts';

const NOW = Date.UTC(2026, 10, 23, 10, 0, 0);

function jarWith(from: string, ...lines: readonly string[]): CookieJar {
  const jar = new CookieJar();
  jar.store(new URL(from), lines.join('\n'), NOW);
  return jar;
}
const sent = (jar: CookieJar, to: string, nowMs = NOW): string | undefined => jar.header(new URL(to), nowMs);

describe('a cookie goes back', () => {
  test.each([
    ['to its host', 'https://a.example.com/', 'x=1', 'https://a.example.com/b', 'x=1'],
    ['not to another host', 'https://a.example.com/', 'x=1', 'https://b.example.com/', undefined],
    ['not to a name below its host', 'https://example.com/', 'x=1', 'https://a.example.com/', undefined],
    ['to all names of its domain', 'https://a.example.com/', 'x=1; Domain=example.com', 'https://b.example.com/', 'x=1'],
    ['to its domain, however written', 'https://a.example.com/', 'x=1; Domain=.EXAMPLE.com', 'https://example.com/', 'x=1'],
    ['not to a longer name that ends alike', 'https://a.example.com/', 'x=1; Domain=example.com', 'https://badexample.com/', undefined],
    ['not for a domain of somebody else', 'https://a.example.com/', 'x=1; Domain=other.com', 'https://other.com/', undefined],
    ['not for a domain below its host', 'https://example.com/', 'x=1; Domain=a.example.com', 'https://a.example.com/', undefined],
    ['not for a public suffix', 'https://a.co.uk/', 'x=1; Domain=co.uk', 'https://b.co.uk/', undefined],
    ['not for a suffix where anybody can register', 'https://a.github.io/', 'x=1; Domain=github.io', 'https://b.github.io/', undefined],
    ['to a host that is a suffix, alone', 'https://github.io/', 'x=1; Domain=github.io', 'https://github.io/', 'x=1'],
    ['to an address, alone', 'http://127.0.0.1/', 'x=1; Domain=127.0.0.1', 'http://127.0.0.1/', 'x=1'],
    ['not to an address that ends alike', 'http://1.2.3.4/', 'x=1; Domain=3.4', 'http://9.9.3.4/', undefined],
    ['below the directory of the page that set it', 'https://a.example/b/c', 'x=1', 'https://a.example/b/d', 'x=1'],
    ['not above that directory', 'https://a.example/b/c', 'x=1', 'https://a.example/', undefined],
    ['below its path', 'https://a.example/', 'x=1; Path=/b', 'https://a.example/b/c', 'x=1'],
    ['not to a path that begins alike', 'https://a.example/', 'x=1; Path=/b', 'https://a.example/bc', undefined],
    ['over https only, if it is secure', 'https://a.example/', 'x=1; Secure', 'http://a.example/', undefined],
    ['over both, if it is not', 'https://a.example/', 'x=1', 'http://a.example/', 'x=1'],
    ['not, if a page over http called it secure', 'http://a.example/', 'x=1; Secure', 'https://a.example/', undefined],
    ['by its name alone, if its prefix is kept', 'https://a.example/', '__Host-x=1; Secure; Path=/', 'https://a.example/', '__Host-x=1'],
    [
      'not, if it breaks the __Host- prefix',
      'https://a.example/',
      '__Host-x=1; Secure; Path=/; Domain=a.example',
      'https://a.example/',
      undefined,
    ],
    ['not, if it breaks the __Secure- prefix', 'https://a.example/', '__secure-x=1', 'https://a.example/', undefined],
    ['without a name', 'https://a.example/', 'plain', 'https://a.example/', 'plain'],
    ['not, if it is nothing', 'https://a.example/', '=', 'https://a.example/', undefined],
    ['not, if it holds control characters', 'https://a.example/', 'x=a\u0001b', 'https://a.example/', undefined],
  ])('%s', (_how, from, line, to, expected) => {
    expect(sent(jarWith(from, line), to)).toBe(expected);
  });
});

test('cookies with longer paths go first, then those set earlier', () => {
  const jar = jarWith('https://a.example/', 'a=1; Path=/', 'b=2; Path=/x');
  jar.store(new URL('https://a.example/'), 'c=3; Path=/', NOW + 1);
  jar.store(new URL('https://a.example/'), 'a=4; Path=/', NOW + 2);
  expect(sent(jar, 'https://a.example/x')).toBe('b=2; a=4; c=3');
});

test('cookies end with their time, Max-Age before Expires, 400 days at most', () => {
  const past = 'Expires=Mon, 23 Nov 2020 10:00:00 GMT';
  const jar = jarWith('https://a.example/', 'a=1; Max-Age=60', `b=2; ${past}`, `c=3; Max-Age=120; ${past}`, 'd=4; Max-Age=99999999', 'e=5');
  expect(sent(jar, 'https://a.example/')).toBe('a=1; c=3; d=4; e=5');
  expect(sent(jar, 'https://a.example/', NOW + 60_000)).toBe('c=3; d=4; e=5');
  expect(sent(jar, 'https://a.example/', NOW + 401 * 86_400_000)).toBe('e=5');
});

test('a cookie is taken back by one that has expired', () => {
  const jar = jarWith('https://a.example/', 'a=1', 'a=; Max-Age=0');
  expect(sent(jar, 'https://a.example/')).toBeUndefined();
});

test('a page over http cannot lay a cookie over a secure one', () => {
  const jar = jarWith('https://a.example/', 'a=secret; Secure');
  jar.store(new URL('http://a.example/'), 'a=forged', NOW);
  expect(sent(jar, 'https://a.example/')).toBe('a=secret');
});

test('a jar holds a bounded number: the oldest go', () => {
  const jar = jarWith('https://a.example/', ...Array.from({ length: 500 }, (_, i) => `c${i}=1`));
  const names = sent(jar, 'https://a.example/')?.split('; ') ?? [];
  expect(names).toHaveLength(150);
  expect(names).toContain('c499=1');
});

test('a jar comes back from its state as it was, without what has expired', () => {
  const jar = jarWith('https://a.example/', 'a=1; Max-Age=10', 'b=2; Secure; Path=/x', 'c=3; Domain=a.example');
  const state = JSON.parse(JSON.stringify(jar.toState(NOW))) as ReturnType<CookieJar['toState']>;
  expect(sent(new CookieJar(state), 'https://a.example/x')).toBe(sent(jar, 'https://a.example/x'));
  expect(jar.toState(NOW + 11_000)).toHaveLength(2);
});

describe('a fetch with a jar', () => {
  test('sends what earlier answers set, redirects and errors included', async () => {
    const seen: (string | undefined)[] = [];
    const site = await startSite((request, response) => {
      seen.push(request.headers.cookie);
      if (request.url === '/login')
        response.writeHead(302, { location: '/home', 'set-cookie': ['session=1; Path=/', 'theme=dark; Path=/'] }).end();
      else if (request.url === '/gone') response.writeHead(404, { 'set-cookie': 'theme=light; Path=/' }).end();
      else response.writeHead(200, { 'content-type': 'text/html' }).end('<p>');
    });
    const cookies = new CookieJar();
    const fetcher = testFetcher();
    await pageOf(fetcher.fetch(requestTo(`${site.origin}/login`, { cookies })));
    await failureOf(fetcher.fetch(requestTo(`${site.origin}/gone`, { cookies })));
    await pageOf(fetcher.fetch(requestTo(`${site.origin}/home`, { cookies, headers: { Cookie: 'mine=1' } })));
    expect(seen).toEqual([undefined, 'session=1; theme=dark', 'session=1; theme=dark', 'mine=1; session=1; theme=light']);
  });

  test('passes a wall that sets a cookie and sends back to the same page', async () => {
    const site = await startSite((request, response) => {
      if (request.headers.cookie === 'seen=1') response.writeHead(200, { 'content-type': 'text/html' }).end('<p>through</p>');
      else response.writeHead(302, { location: request.url, 'set-cookie': 'seen=1' }).end();
    });
    const page = await pageOf(testFetcher().fetch(requestTo(`${site.origin}/page`, { cookies: new CookieJar() })));
    expect(page.text()).toBe('<p>through</p>');
    expect(await failureOf(testFetcher().fetch(requestTo(`${site.origin}/page`)))).toMatchObject({ code: 'redirect-loop' });
  });

  test('does not carry cookies to another host', async () => {
    let seen: string | undefined = 'nothing yet';
    const other = await startSite((request, response) => {
      seen = request.headers.cookie;
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>');
    });
    const site = await startSite((_request, response) =>
      response.writeHead(302, { location: `http://localhost:${other.port}/`, 'set-cookie': 'a=1' }).end(),
    );
    await testFetcher().fetch(requestTo(site.origin, { cookies: new CookieJar() }));
    expect(seen).toBeUndefined();
  });
});
