import fc from 'fast-check';
import { type RequestListener } from 'node:http';
import { createSecureServer } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { FetchRequest } from '../../functions/fetch/types.ts';
import { RequestError } from '../../functions/job/errors.ts';
import { makeCertificate } from './certificates.ts';
import { failureOf, listen, pageOf, requestTo, startRaw, startSite, testFetcher, type Site } from './harness.ts';

const authority = makeCertificate({ subject: 'test authority', isAuthority: true });
const { cert, key } = makeCertificate({ subject: 'site', issuer: authority, names: ['127.0.0.1'] });

const HEAD = '<!doctype html><title>Lamps</title><meta name="robots" content="noarchive"><h1>Lamp</h1>';
/** Text that hardly packs, the same in every run. */
function filler(length: number): string {
  let state = 1;
  let text = '';
  while (text.length < length) text += (state = (state * 48_271) % 0x7f_ff_ff_ff).toString(36);
  return text.slice(0, length);
}
const PAGE = Buffer.from(HEAD + filler(2_400_000));
const PACKED = gzipSync(PAGE, { level: 1 });

/** Wants nothing behind the heading. */
const hasHeading: FetchRequest['isEnough'] = ({ body }) => body.includes('</h1>');
const wanted = (url: string, more: Partial<FetchRequest> = {}) => requestTo(url, { maxBytes: 5_000_000, isEnough: hasHeading, ...more });

async function serve(version: string, handler: RequestListener, memoryMb = 10): Promise<Site> {
  if (version === 'HTTP/1.1') return startSite(handler);
  return listen(createSecureServer({ cert, key, maxSessionMemory: memoryMb }, handler as never), 'https');
}

describe.each(['HTTP/1.1', 'HTTP/2'])('over %s', (version) => {
  test.each([
    ['as it is', PAGE, {}],
    ['packed', PACKED, { 'content-encoding': 'gzip' }],
  ])('a large page %s is left once all that is wanted of it is there', async (_, body, coding) => {
    let wasLeft: () => void;
    const left = new Promise<void>((resolve) => (wasLeft = resolve));
    const site = await serve(version, (request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': body.length, ...coding });
      response.once('close', wasLeft);
      // The rest of the page never comes: who waits for it has not left.
      if (request.url === '/held') response.write(body.subarray(0, 200_000));
      else response.end(body);
    });
    const fetcher = testFetcher({ ca: authority.cert });
    const page = await pageOf(fetcher.fetch(wanted(`${site.origin}/held`)));
    await left;
    expect(PAGE.subarray(0, page.body.length).equals(page.body)).toBe(true);
    expect(page.provenance).toMatchObject({ partial: true, charset: 'UTF-8', decodedBytes: page.body.length });
    expect(page.provenance.wireBytes).toBeLessThan(200_001);
    expect(page.provenance.contentHash).toBeUndefined();

    const whole = await pageOf(fetcher.fetch(wanted(`${site.origin}/whole`, { isEnough: undefined })));
    expect(whole.body.equals(PAGE)).toBe(true);
    expect(whole.provenance.partial).toBeUndefined();
    expect(whole.provenance.contentHash).toMatch(/^[\da-f]{64}$/);
    expect(page.robots).toEqual(whole.robots);
    expect(page.robots).toMatchObject({ directives: ['meta robots: noarchive'] });
    expect(site.connections()).toBe(version === 'HTTP/2' ? 1 : 2);
  });

  test('pages left one after another, several at a time, all come', async () => {
    // Node's server never forgets what it has not sent on a connection, and refuses all that is asked for on it in the end.
    const site = await serve(
      version,
      (_, response) => {
        response.on('error', () => {});
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': PAGE.length }).end(PAGE);
      },
      15,
    );
    const fetcher = testFetcher({ ca: authority.cert });
    const lanes = Array.from({ length: 3 }, async () => {
      for (let i = 0; i < 12; i++) {
        const page = await pageOf(fetcher.fetch(wanted(site.origin)));
        expect(page.provenance.partial).toBe(true);
      }
    });
    await Promise.all(lanes);
  });
});

test('of HTTP/2, no more than 100 pages are left on a connection', async () => {
  const site = await serve('HTTP/2', (_, response) => {
    response.on('error', () => {}).writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': PAGE.length });
    response.write(PAGE.subarray(0, 70_000));
  });
  const fetcher = testFetcher({ ca: authority.cert });
  const connections: number[] = [];
  for (let i = 0; i < 102; i++) {
    await fetcher.fetch(wanted(site.origin));
    connections.push(site.connections());
  }
  expect(connections.lastIndexOf(1)).toBe(99);
  expect(connections.at(-1)).toBe(2);
});

test('a page of unknown length is left when much of it has come', async () => {
  const site = await startSite((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    if (request.url === '/short') response.end(PAGE.subarray(0, 1_000_000));
    else response.write(PAGE.subarray(0, 2_300_000));
  });
  const fetcher = testFetcher();
  expect((await pageOf(fetcher.fetch(wanted(`${site.origin}/long`)))).provenance.partial).toBe(true);
  expect((await pageOf(fetcher.fetch(wanted(`${site.origin}/short`)))).provenance.partial).toBeUndefined();
});

describe('a page is read whole', () => {
  const html = 'text/html; charset=utf-8';
  test.each<[string, string, Buffer, Partial<FetchRequest>]>([
    ['that has not all that is wanted', html, PAGE, { isEnough: ({ body }) => body.includes('</html>') }],
    ['of which little is left', html, PAGE.subarray(0, 1_000_000), {}],
    ['whose charset is not declared', 'text/html', PAGE, {}],
    ['whose charset its end declares', 'text/html', Buffer.concat([PAGE, Buffer.from('<meta charset=gbk>')]), {}],
    ['that is no HTML', 'application/xml; charset=utf-8', PAGE, { accept: ['application/xml'] }],
    ['of a type that only its bytes tell', '', PAGE, {}],
  ])('%s', async (_, contentType, body, more) => {
    const site = await startSite((__, response) => {
      if (contentType !== '') response.setHeader('content-type', contentType);
      response.setHeader('content-length', body.length).end(body);
    });
    const page = await pageOf(testFetcher().fetch(wanted(site.origin, more)));
    expect(page.body.equals(body)).toBe(true);
    expect(page.provenance.partial).toBeUndefined();
    expect(page.provenance.contentHash).toBeDefined();
  });
});

test('a page declares its charset in its first bytes, and what it says to robots may stand anywhere before its body', async () => {
  const late = `<!doctype html><meta charset=windows-1251><title>T</title><h1>H</h1>${' '.repeat(60_000)}<meta name=robots content=nofollow>`;
  const body = Buffer.from(late + filler(1_300_000));
  const site = await startSite((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-length': body.length }).end(body);
  });
  const page = await pageOf(testFetcher().fetch(wanted(site.origin)));
  expect(page.provenance).toMatchObject({ partial: true, charset: 'windows-1251' });
  expect(page.robots).toMatchObject({ nofollow: true });
});

test('a page over its limit is none, unless it is left before that', async () => {
  const site = await startSite((request, response) => {
    const length = request.url === '/declared' ? { 'content-length': PAGE.length } : {};
    response.on('error', () => {}).writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...length });
    response.end(PAGE);
  });
  const fetcher = testFetcher();
  const within = (path: string, maxBytes: number) => fetcher.fetch(wanted(`${site.origin}${path}`, { maxBytes }));
  expect((await pageOf(within('/', 2_300_000))).provenance.partial).toBe(true);
  expect(await failureOf(within('/', 400_000))).toMatchObject({ code: 'too-large' });
  expect(await failureOf(within('/declared', 2_300_000))).toMatchObject({ code: 'too-large' });
});

test('whatever a server does around the place where a page is left, the page or a named failure comes of it', async () => {
  const end = fc.constantFrom('end', 'destroy', 'reset', 'go on', 'garbage');
  const cases = fc.sample(fc.tuple(fc.integer({ min: 60_000, max: 140_000 }), end, fc.boolean()), { numRuns: 60, seed: 5 });
  const site = await startRaw((socket, head) => {
    const [length, how, isChunked] = cases[Number(/ \/(\d+) /.exec(head)?.[1] ?? 0)] ?? [0, 'end', false];
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n');
    // A chunk too long to be left is still no page of its own when it breaks off.
    socket.write(isChunked ? 'Transfer-Encoding: chunked\r\n\r\n1E8480\r\n' : `Content-Length: ${PAGE.length}\r\n\r\n`);
    socket.write(PAGE.subarray(0, length), () => {
      if (how === 'end') socket.end();
      else if (how === 'destroy') socket.destroy();
      else if (how === 'reset') socket.resetAndDestroy();
      else if (how === 'garbage') socket.end('\r\nzz\r\n\0');
      else socket.write(PAGE.subarray(length));
    });
  });
  const fetcher = testFetcher({ bodyTimeoutMs: 300 });
  const codes = await Promise.all(
    cases.map(async (_, i) => {
      try {
        const page = await pageOf(fetcher.fetch(wanted(`${site.origin}/${i}`, { timeoutMs: 60_000 })));
        return page.provenance.partial ? 'left' : 'whole';
      } catch (error) {
        return error instanceof RequestError ? error.code : 'internal';
      }
    }),
  );
  expect(codes.filter((code) => code === 'internal')).toEqual([]);
  expect([...new Set(codes)]).toEqual(expect.arrayContaining(['left', 'connect']));
  await fetcher.close();
  await expect.poll(() => [...site.sockets].filter((socket) => !socket.destroyed), { timeout: 20_000 }).toEqual([]);
});
