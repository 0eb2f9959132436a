import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../functions/job/errors.ts';
import { createFetcher } from '../../functions/fetch/fetcher.ts';
import { failureOf, pageOf, requestTo, startSite, testFetcher } from './harness.ts';

/** Answers with what the request was, as JSON. */
const echo = () =>
  startSite((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method, url, headers } = request;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ method, url, headers, body }));
    });
  });
const JSON_ONLY = { accept: ['application/json'] };

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function echoOf(url: string, more: Parameters<typeof requestTo>[1] = {}): Promise<Echo> {
  const page = await pageOf(testFetcher().fetch(requestTo(url, { ...JSON_ONLY, ...more })));
  return JSON.parse(page.text()) as Echo;
}

describe('a page', () => {
  test('comes with body, text, type, charset and how it was fetched', async () => {
    const html = '<p>grün</p>';
    const site = await startSite((_request, response) => response.setHeader('content-type', 'Text/HTML; Charset="UTF-8"').end(html));
    const page = await pageOf(testFetcher().fetch(requestTo(`${site.origin}/a`)));
    expect(page).toMatchObject({ kind: 'page', url: `${site.origin}/a`, status: 200, contentType: 'text/html', charset: 'UTF-8' });
    expect(page.text()).toBe(html);
    expect(page.body.equals(Buffer.from(html))).toBe(true);
    expect(page.provenance).toMatchObject({
      status: 200,
      contentType: 'text/html',
      charset: 'UTF-8',
      wireBytes: 12,
      decodedBytes: 12,
      contentHash: createHash('sha256').update(html).digest('hex'),
    });
    expect(page.provenance).not.toHaveProperty('finalUrl');
    expect(new Date(page.provenance.fetchedAt).toISOString()).toBe(page.provenance.fetchedAt);
  });

  test('gives the memory of its body back when it is told to, and no other’s', async () => {
    const large = '<p>'.padEnd(20_000, 'a');
    const site = await startSite(({ url }, response) =>
      response.setHeader('content-type', 'text/html').end(url === '/small' ? '<p>' : large),
    );
    const fetcher = testFetcher();
    const get = (path: string) => pageOf(fetcher.fetch(requestTo(`${site.origin}${path}`)));
    const [page, other, small] = [await get('/1'), await get('/2'), await get('/small')];
    page.release?.();
    expect(page.body.length).toBe(0);
    expect(other.text()).toBe(large);
    // It may lie among other small buffers.
    expect(small.release).toBeUndefined();
  });

  test('tells how long name, connection, first byte and the whole took; a kept connection took nothing', async () => {
    const site = await startSite((_request, response) => response.setHeader('content-type', 'text/html').end('<p>'));
    const fetcher = testFetcher();
    const url = `http://localhost:${site.port}/`;
    const first = (await pageOf(fetcher.fetch(requestTo(url)))).provenance.timings;
    const second = (await pageOf(fetcher.fetch(requestTo(url)))).provenance.timings;
    expect(Object.keys(first ?? {})).toEqual(['dns', 'connect', 'firstByte', 'total']);
    expect(first?.total).toBeGreaterThanOrEqual(first?.firstByte ?? Infinity);
    expect(first?.firstByte).toBeGreaterThanOrEqual(first?.connect ?? Infinity);
    expect(Object.keys(second ?? {})).toEqual(['firstByte', 'total']);
  });

  test('has its headers under lower-case names, several values joined', async () => {
    const site = await startSite((_request, response) =>
      response
        .writeHead(
          200,
          [
            ['Content-Type', 'text/html'],
            ['X-A', '1'],
            ['x-a', '2'],
            ['Set-Cookie', 'a=1; Expires=Mon, 23 Nov 2026 10:00:00 GMT'],
            ['Set-Cookie', 'b=2'],
          ].flat(),
        )
        .end('<p>'),
    );
    const { headers } = await pageOf(testFetcher().fetch(requestTo(site.origin)));
    expect(headers).toMatchObject({ 'content-type': 'text/html', 'x-a': '1, 2' });
    expect(headers['set-cookie']?.split('\n')).toEqual(['a=1; Expires=Mon, 23 Nov 2026 10:00:00 GMT', 'b=2']);
  });

  test('that is no text has bytes, and no charset', async () => {
    const site = await startSite((_request, response) =>
      response.setHeader('content-type', 'application/pdf').end(Buffer.from([0x25, 0x50, 0xff])),
    );
    const page = await pageOf(testFetcher().fetch(requestTo(site.origin, { accept: ['*'] })));
    expect([...page.body]).toEqual([0x25, 0x50, 0xff]);
    expect(page.provenance).not.toHaveProperty('charset');
  });

  test('of no content is empty', async () => {
    const site = await startSite((_request, response) => response.writeHead(204).end());
    const page = await pageOf(testFetcher().fetch(requestTo(site.origin)));
    expect(page.text()).toBe('');
  });

  test('asked for by HEAD has headers and no body, whatever its length says', async () => {
    const site = await startSite((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': 5_000_000 }).end(),
    );
    const page = await pageOf(testFetcher().fetch(requestTo(site.origin, { method: 'HEAD' })));
    expect(page.headers['content-length']).toBe('5000000');
    expect(page.body.length).toBe(0);
  });

  test('of which only a part came, unasked, is an error', async () => {
    const site = await startSite((_request, response) => response.writeHead(206, { 'content-type': 'text/html' }).end('part'));
    const fetcher = testFetcher();
    expect(await failureOf(fetcher.fetch(requestTo(site.origin)))).toMatchObject({ code: 'protocol', status: 206 });
    expect((await pageOf(fetcher.fetch(requestTo(site.origin, { headers: { Range: 'bytes=0-3' } })))).text()).toBe('part');
  });
});

describe('a request', () => {
  test('says who asks, what for, and in which codings', async () => {
    const site = await echo();
    const { headers } = await echoOf(site.origin, { accept: ['application/json', 'application/*+json'] });
    expect(headers).toMatchObject({
      'user-agent': 'urldrop-test/1 (+https://example.org/contact)',
      accept: 'application/json, application/*, */*;q=0.1',
      'accept-encoding': 'gzip, deflate, br, zstd',
    });
  });

  test("carries the scraper's headers over the usual ones, but none that belong to the connection", async () => {
    const site = await echo();
    const { headers } = await echoOf(`${site.origin}/`, {
      headers: {
        'User-Agent': 'mine',
        'X-Mine': 'yes',
        Host: 'other.example',
        Connection: 'close',
        'Content-Length': '7',
        'Transfer-Encoding': 'chunked',
      },
    });
    expect(headers).toMatchObject({ 'user-agent': 'mine', 'x-mine': 'yes', host: `127.0.0.1:${site.port}`, connection: 'keep-alive' });
    expect(headers).not.toHaveProperty('content-length');
    expect(headers).not.toHaveProperty('transfer-encoding');
  });

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'REPORT'])('may be %s', async (method) => {
    const site = await echo();
    expect((await echoOf(site.origin, { method })).method).toBe(method);
  });

  test('sends a body as UTF-8 with its length', async () => {
    const site = await echo();
    const { body, headers } = await echoOf(site.origin, {
      method: 'POST',
      body: '{"a":"ü"}',
      headers: { 'content-type': 'application/json' },
    });
    expect(body).toBe('{"a":"ü"}');
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '10' });
  });

  test('turns user name and password of its URL into basic auth, and keeps them out of all it reports', async () => {
    const site = await echo();
    const url = site.origin.replace('//', '//us%C3%A9r:p%40ss@');
    const page = await pageOf(testFetcher().fetch(requestTo(url, JSON_ONLY)));
    const { headers } = JSON.parse(page.text()) as Echo;
    expect(headers['authorization']).toBe(`Basic ${Buffer.from('usér:p@ss').toString('base64')}`);
    expect(page.url).toBe(`${site.origin}/`);
    const error = await failureOf(testFetcher().fetch(requestTo(url.replace(/\d+$/, '1'))));
    expect(error.message).not.toContain('p%40ss');
  });

  test('leaves the fragment at home', async () => {
    const site = await echo();
    expect((await echoOf(`${site.origin}/a?b=1#c`)).url).toBe('/a?b=1');
  });

  test.each(['ftp://example.org/', 'file:///etc/passwd', 'javascript:1', '/relative', 'http://', 'http://[::/', 'nonsense', ''])(
    'for %j is bad-url',
    async (url) => {
      expect(await failureOf(testFetcher().fetch(requestTo(url)))).toMatchObject({ code: 'bad-url', next: 'never' });
    },
  );

  test('with a header that no server may get is an error of its own, not a broken fetcher', async () => {
    const site = await echo();
    const fetcher = testFetcher();
    const error = await failureOf(fetcher.fetch(requestTo(site.origin, { headers: { 'x-bad': 'a\r\nInjected: 1' } })));
    expect(error).toMatchObject({ code: 'bad-request', next: 'never' });
    expect((await pageOf(fetcher.fetch(requestTo(site.origin, JSON_ONLY)))).status).toBe(200);
  });

  test.each(['CONNECT', 'GE T', ''])('by method %j is bad-request', async (method) => {
    const site = await echo();
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin, { method })))).toMatchObject({ code: 'bad-request', next: 'never' });
  });

  test('asks only for what is new where it knows the page, and ends with http-304 if nothing is', async () => {
    const site = await startSite((request, response) => {
      const fresh = request.headers['if-none-match'] === '"v1"' && request.headers['if-modified-since'] === 'Mon, 23 Nov 2026 10:00:00 GMT';
      if (fresh) response.writeHead(304, { etag: '"v1"' }).end();
      else response.writeHead(200, { 'content-type': 'text/html', etag: '"v1"' }).end('<p>');
    });
    const fetcher = testFetcher();
    const page = await pageOf(fetcher.fetch(requestTo(site.origin)));
    const validators = { etag: page.headers['etag'] ?? '', lastModified: 'Mon, 23 Nov 2026 10:00:00 GMT' };
    expect(await failureOf(fetcher.fetch(requestTo(site.origin, { validators })))).toMatchObject({
      code: 'http-304',
      status: 304,
      next: 'never',
    });
  });
});

describe('a status', () => {
  test.each([
    [400, 'never'],
    [401, 'never'],
    [403, 'never'],
    [404, 'never'],
    [410, 'never'],
    [408, 'again'],
    [425, 'again'],
    [429, 'later'],
    [500, 'again'],
    [501, 'never'],
    [502, 'again'],
    [503, 'later'],
    [504, 'again'],
    [300, 'never'],
  ])('%i is an error of that name: %s', async (status, next) => {
    const site = await startSite((_request, response) => response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>sorry</h1>'));
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: `http-${status}`, status, next });
  });

  test('tells when to come back', async () => {
    const site = await startSite((_request, response) => response.writeHead(429, { 'retry-after': '17' }).end());
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'http-429', retryAfterMs: 17_000 });
  });

  test('tells when to come back by date', async () => {
    const nowMs = Date.UTC(2026, 10, 23, 10, 0, 0);
    const site = await startSite((_request, response) => response.writeHead(503, { 'retry-after': 'Mon, 23 Nov 2026 10:01:30 GMT' }).end());
    expect(await failureOf(testFetcher({ now: () => nowMs }).fetch(requestTo(site.origin)))).toMatchObject({ retryAfterMs: 90_000 });
  });

  test('with a value that says nothing tells nothing', async () => {
    const site = await startSite((_request, response) => response.writeHead(503, { 'retry-after': 'soon' }).end());
    expect((await failureOf(testFetcher().fetch(requestTo(site.origin)))).retryAfterMs).toBeUndefined();
  });
});

test('networks that are none are refused when the fetcher is made', () => {
  expect(() => createFetcher({ userAgent: 'x', allowedNetworks: 'lan', maxSockets: 1 })).toThrow(UsageError);
});
