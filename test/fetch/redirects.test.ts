import { describe, expect, test } from 'vitest';
import { followRedirect, type Hop } from '../../functions/fetch/redirect.ts';
import { failureOf, htmlAnswer, pageOf, requestTo, startRaw, startSite, testFetcher, type Site } from './harness.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A site whose paths redirect as the table says (`status location`); every other path is a page. */
async function redirectingSite(table: Readonly<Record<string, string>>): Promise<Site & { readonly seen: readonly Seen[] }> {
  const seen: Seen[] = [];
  const site = await startSite((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers, body });
      const [status, location] = table[url]?.split(' ') ?? [];
      if (status === undefined) response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>${url}</p>`);
      else response.writeHead(Number(status), location === undefined ? {} : { location }).end('moved');
    });
  });
  return Object.assign(site, { seen });
}

describe('following', () => {
  test.each([301, 302, 303, 307, 308])('status %i leads on, and the page tells where it was found', async (status) => {
    const site = await redirectingSite({ '/a': `${status} /b?x=1#part` });
    const page = await pageOf(testFetcher().fetch(requestTo(`${site.origin}/a`)));
    expect(page.url).toBe(`${site.origin}/b?x=1#part`);
    expect(page.provenance.finalUrl).toBe(`${site.origin}/b?x=1#part`);
    expect(site.seen.map(({ url }) => url)).toEqual(['/a', '/b?x=1']);
  });

  test('redirects cost one connection, since their bodies are read', async () => {
    const site = await redirectingSite({ '/a': '302 /b', '/b': '302 /c', '/c': '302 /d' });
    await testFetcher().fetch(requestTo(`${site.origin}/a`));
    expect(site.connections()).toBe(1);
  });

  test('a chain of exactly the limit is followed, a longer one is redirect-loop', async () => {
    const site = await redirectingSite({ '/1': '302 /2', '/2': '302 /3', '/3': '302 /4' });
    const fetcher = testFetcher();
    expect((await pageOf(fetcher.fetch(requestTo(`${site.origin}/1`, { maxRedirects: 3 })))).text()).toBe('<p>/4</p>');
    const error = await failureOf(fetcher.fetch(requestTo(`${site.origin}/1`, { maxRedirects: 2 })));
    expect(error).toMatchObject({ code: 'redirect-loop', next: 'never' });
    expect(error.message).toContain('more than 2 redirects');
  });

  test('redirects of earlier batches count', async () => {
    const site = await redirectingSite({ '/1': '302 /2' });
    const error = await failureOf(testFetcher().fetch(requestTo(`${site.origin}/1`, { maxRedirects: 5, redirects: 5 })));
    expect(error.code).toBe('redirect-loop');
  });

  test('a circle is redirect-loop before the limit is reached', async () => {
    const site = await redirectingSite({ '/a': '302 /b', '/b': '302 /a' });
    const error = await failureOf(testFetcher().fetch(requestTo(`${site.origin}/a`, { maxRedirects: 1_000 })));
    expect(error.code).toBe('redirect-loop');
    expect(error.message).toContain('in a circle, back to');
    expect(site.seen).toHaveLength(2);
  });

  test('letters in a Location that are not escaped are UTF-8', async () => {
    const site = await startRaw((socket, head) => {
      const path = head.split(' ')[1] ?? '';
      socket.write(path === '/a' ? Buffer.from('HTTP/1.1 302 Found\r\nLocation: /größe\r\nContent-Length: 0\r\n\r\n') : htmlAnswer(path));
    });
    const page = await pageOf(testFetcher().fetch(requestTo(`${site.origin}/a`)));
    expect(page.text()).toBe('/gr%C3%B6%C3%9Fe');
  });

  test('a target that another lane owns is handed back, not fetched', async () => {
    const other = await redirectingSite({});
    const site = await redirectingSite({ '/a': `302 ${other.origin}/there` });
    const answer = await testFetcher().fetch(requestTo(`${site.origin}/a`, { redirects: 1, isOwn: (url) => url.startsWith(site.origin) }));
    expect(answer).toEqual({ kind: 'elsewhere', location: `${other.origin}/there`, redirects: 2, method: 'GET' });
    expect(other.seen).toEqual([]);
  });
});

describe('redirects that lead nowhere', () => {
  test.each([
    ['no Location', '302', 'no Location header'],
    ['an address that is no URL', '302 http://[nonsense/', 'is no URL'],
    ['another scheme', '302 file:///etc/passwd', 'is no http(s) URL'],
    ['javascript', '302 javascript:alert(1)', 'is no http(s) URL'],
  ])('%s is bad-redirect', async (_what, entry, words) => {
    const site = await redirectingSite({ '/a': entry });
    const error = await failureOf(testFetcher().fetch(requestTo(`${site.origin}/a`)));
    expect(error).toMatchObject({ code: 'bad-redirect', next: 'never', status: 302 });
    expect(error.message).toContain(words);
  });

  test('a redirect to an address off the public web is blocked-address', async () => {
    const site = await redirectingSite({ '/a': '302 http://169.254.169.254/latest/meta-data/' });
    expect(await failureOf(testFetcher().fetch(requestTo(`${site.origin}/a`)))).toMatchObject({ code: 'blocked-address' });
  });
});

describe('what a redirect carries along', () => {
  test('303 turns POST into GET, and drops the body and what describes it', async () => {
    const site = await redirectingSite({ '/form': '303 /done' });
    await testFetcher().fetch(requestTo(`${site.origin}/form`, { method: 'POST', body: 'a=1', headers: { 'Content-Type': 'text/plain' } }));
    expect(site.seen[0]).toMatchObject({ method: 'POST', body: 'a=1' });
    expect(site.seen[1]).toMatchObject({ method: 'GET', body: '' });
    expect(site.seen[1]?.headers['content-type']).toBeUndefined();
  });

  test('307 repeats method and body', async () => {
    const site = await redirectingSite({ '/form': '307 /other' });
    await testFetcher().fetch(requestTo(`${site.origin}/form`, { method: 'POST', body: 'a=1' }));
    expect(site.seen[1]).toMatchObject({ method: 'POST', url: '/other', body: 'a=1' });
  });

  test('credentials stay with their origin, the rest goes along', async () => {
    const other = await redirectingSite({});
    const site = await redirectingSite({ '/a': '302 /b', '/b': `302 ${other.origin}/c` });
    const headers = { Authorization: 'Bearer secret', Cookie: 'session=1', 'X-Mine': 'yes' };
    await testFetcher().fetch(requestTo(`${site.origin}/a`, { headers }));
    expect(site.seen[1]?.headers).toMatchObject({ authorization: 'Bearer secret', cookie: 'session=1', 'x-mine': 'yes' });
    expect(other.seen[0]?.headers).toMatchObject({ 'x-mine': 'yes' });
    expect(other.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(other.seen[0]?.headers).not.toHaveProperty('cookie');
  });

  test('where another lane goes on with a redirect, credentials of the first origin stay out too', async () => {
    const site = await redirectingSite({});
    const headers = { authorization: 'Bearer secret', 'x-mine': 'yes' };
    await testFetcher().fetch(requestTo(`${site.origin}/b`, { headers, credentialsFor: 'https://first.example/a' }));
    expect(site.seen[0]?.headers).toMatchObject({ 'x-mine': 'yes' });
    expect(site.seen[0]?.headers).not.toHaveProperty('authorization');
    await testFetcher().fetch(requestTo(`${site.origin}/b`, { headers, credentialsFor: `${site.origin}/a` }));
    expect(site.seen[1]?.headers).toMatchObject({ authorization: 'Bearer secret' });
  });

  test('a user name in a Location is not sent', async () => {
    const other = await redirectingSite({});
    const site = await redirectingSite({ '/a': `302 ${other.origin.replace('//', '//eve:pass@')}/b` });
    const page = await pageOf(testFetcher().fetch(requestTo(`${site.origin}/a`)));
    expect(page.url).toBe(`${other.origin}/b`);
    expect(other.seen[0]?.headers).not.toHaveProperty('authorization');
  });
});

describe('from https to http', () => {
  const hop = (more: Partial<Hop> = {}): Hop => ({
    url: new URL('https://a.example/'),
    method: 'GET',
    headers: {},
    body: undefined,
    ...more,
  });

  test('a plain GET goes on', () => {
    expect(followRedirect(hop(), 302, 'http://a.example/')).toHaveProperty('hop');
  });

  test.each([
    ['credentials', { headers: { authorization: 'x' } }],
    ['a cookie', { headers: { cookie: 'x' } }],
    ['another method', { method: 'PUT' }],
    ['a body', { method: 'POST', body: 'a=1' }],
  ])('a request with %s does not', (_what, more) => {
    expect(followRedirect(hop(more), 307, 'http://a.example/')).toHaveProperty('refused');
  });
});
