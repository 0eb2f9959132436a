import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeBody, DecodeError, parseCodings } from '../../functions/fetch/content-coding.ts';
import { failureOf, pageOf, requestTo, startRaw, startSite, testFetcher, type Site } from './harness.ts';

const CODERS: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => gzipSync(bytes),
  'x-gzip': (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
};
const HTML = `<p>${'Grüße, мир. '.repeat(3_000)}</p>`;

function siteWith(body: Buffer, encoding: string): Promise<Site> {
  return startSite((_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-encoding': encoding }).end(body),
  );
}

describe.each(Object.entries(CODERS))('%s', (coding, code) => {
  test('is undone, and both sizes are told', async () => {
    const body = code(Buffer.from(HTML));
    const site = await siteWith(body, coding.toUpperCase());
    const page = await pageOf(testFetcher().fetch(requestTo(site.origin)));
    expect(page.text()).toBe(HTML);
    expect(page.provenance).toMatchObject({ wireBytes: body.length, decodedBytes: Buffer.byteLength(HTML) });
  });

  test('a bomb ends with too-large', async () => {
    const site = await siteWith(code(Buffer.alloc(64_000_000)), coding);
    const error = await failureOf(testFetcher().fetch(requestTo(site.origin)));
    expect(error).toMatchObject({ code: 'too-large', next: 'never', status: 200 });
    expect(error.message).toContain('decode to more than 1000000');
  });

  test('cut short it is an error, not half a page', async () => {
    const body = code(Buffer.from(HTML));
    const site = await siteWith(body.subarray(0, body.length - 20), coding);
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'protocol', next: 'again' });
  });

  test('bytes that are none of it are an error', async () => {
    const site = await siteWith(Buffer.from('<p>this was never compressed</p>'), coding);
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'protocol' });
  });

  test('of nothing is an empty page', async () => {
    const site = await siteWith(Buffer.alloc(0), coding);
    expect((await pageOf(testFetcher().fetch(requestTo(site.origin)))).text()).toBe('');
  });

  test('is decoded as far as it goes when asked to', () => {
    const noise = Buffer.from(Array.from({ length: 400_000 }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 13) & 0xff));
    const body = code(noise);
    const part = decodeBody(body.subarray(0, Math.floor(body.length / 2)), [coding], 1_000_000, true);
    expect(part.length).toBeGreaterThan(0);
    expect(part.equals(noise.subarray(0, part.length))).toBe(true);
  });
});

test('deflate without the zlib wrapper is undone too', async () => {
  const site = await siteWith(deflateRawSync(HTML), 'deflate');
  expect((await pageOf(testFetcher().fetch(requestTo(site.origin)))).text()).toBe(HTML);
});

test('stacked codings are undone in reverse order', async () => {
  const body = zstdCompressSync(brotliCompressSync(deflateSync(gzipSync(HTML))));
  const site = await siteWith(body, 'gzip, deflate, br, zstd');
  expect((await pageOf(testFetcher().fetch(requestTo(site.origin)))).text()).toBe(HTML);
});

test('a bomb inside a bomb ends with too-large at the stage that passes the limit', async () => {
  const inner = gzipSync(Buffer.alloc(400_000_000));
  const site = await siteWith(gzipSync(inner), 'gzip, gzip');
  expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'too-large' });
});

test('more codings than any page has are refused', async () => {
  const site = await siteWith(Buffer.from(HTML), 'gzip, gzip, gzip, gzip, gzip');
  const error = await failureOf(testFetcher().fetch(requestTo(site.origin)));
  expect(error.code).toBe('protocol');
  expect(error.message).toContain('5 content codings, 4 at most');
});

test('an unknown coding is refused by name', () => {
  expect(() => parseCodings('gzip, compress')).toThrow(new DecodeError('broken', 'content coding "compress" is unknown'));
});

test('identity and empty parts count for nothing', () => {
  expect(parseCodings('identity, , GZIP')).toEqual(['gzip']);
  expect(parseCodings(undefined)).toEqual([]);
});

test('an endless bomb is stopped while it comes, long before the wire limit', async () => {
  const member = gzipSync(Buffer.alloc(1_000_000));
  let sent = 0;
  const site = await startRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n');
    const pour = (): void => {
      while (!socket.destroyed && socket.write(member)) sent += member.length;
    };
    socket.on('drain', pour);
    pour();
  });
  const error = await failureOf(testFetcher().fetch(requestTo(site.origin, { maxBytes: 50_000_000 })));
  expect(error.code).toBe('too-large');
  expect(sent).toBeLessThan(40_000_000);
});

test('zstd with a window larger than web servers may use is refused', () => {
  // RFC 8878, section 3.1.1: magic, a frame header with the window's size, one empty last block.
  const frame = (windowLog: number) => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (windowLog - 10) << 3, 0x01, 0x00, 0x00]);
  expect(decodeBody(frame(23), ['zstd'], 1_000_000)).toHaveLength(0);
  expect(() => decodeBody(frame(24), ['zstd'], 1_000_000)).toThrow(DecodeError);
});
