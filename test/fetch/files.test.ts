import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { FetchedFile, FileHead } from '../../functions/fetch/types.ts';
import { failureOf, requestTo, startRaw, startSite, testFetcher } from './harness.ts';

/** Gathers a file, and what its head was. */
class Store extends Writable {
  head: FileHead | undefined;
  readonly chunks: Buffer[] = [];
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    // In its own time: whoever writes faster has to wait.
    setImmediate(done);
  }
  get content(): Buffer {
    return Buffer.concat(this.chunks);
  }
  readonly open = (head: FileHead): Writable => {
    this.head = head;
    return this;
  };
}

const noise = Buffer.from(Array.from({ length: 700_000 }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 11) & 0xff));
const anything = { accept: ['*'], maxBytes: 5_000_000 };

async function fileOf(fetched: Promise<unknown>): Promise<FetchedFile> {
  const file = (await fetched) as FetchedFile;
  if (file.kind !== 'file') throw new Error(`expected a file, not ${JSON.stringify(file)}`);
  return file;
}

describe('a file', () => {
  test.each([
    ['plain', (bytes: Buffer) => bytes],
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['gzip, br', (bytes: Buffer) => brotliCompressSync(gzipSync(bytes))],
  ])('(%s) arrives whole where it is kept, counted and hashed', async (coding, code) => {
    const body = code(noise);
    const site = await startSite((_request, response) =>
      response.writeHead(200, { 'content-type': 'image/png', ...(coding !== 'plain' && { 'content-encoding': coding }) }).end(body),
    );
    const store = new Store();
    const file = await fileOf(testFetcher().fetchFile(requestTo(site.origin, anything), store.open));
    expect(store.content.equals(noise)).toBe(true);
    expect(store.head).toEqual({ status: 200, contentType: 'image/png' });
    const sha256 = createHash('sha256').update(noise).digest('hex');
    expect(file).toMatchObject({ bytes: noise.length, sha256, contentType: 'image/png' });
    expect(file.provenance).toMatchObject({ wireBytes: body.length, decodedBytes: noise.length, contentHash: sha256 });
  });

  test('of no declared type is bytes', async () => {
    const site = await startSite((_request, response) => response.writeHead(200).end('x'));
    expect((await fileOf(testFetcher().fetchFile(requestTo(site.origin, anything), new Store().open))).contentType).toBe(
      'application/octet-stream',
    );
  });

  test('through a redirect opens its place once, for what is kept', async () => {
    const site = await startSite((request, response) => {
      if (request.url === '/a') response.writeHead(302, { location: '/b' }).end('moved');
      else response.writeHead(200, { 'content-type': 'application/pdf' }).end('content');
    });
    const store = new Store();
    let opened = 0;
    const file = await fileOf(
      testFetcher().fetchFile(requestTo(`${site.origin}/a`, anything), (head) => {
        opened++;
        return store.open(head);
      }),
    );
    expect([opened, store.content.toString(), file.provenance.finalUrl]).toEqual([1, 'content', `${site.origin}/b`]);
  });
});

describe('a file that cannot be kept', () => {
  test.each([
    ['missing', (): [number, string, Buffer] => [404, 'text/html', Buffer.from('sorry')], 'http-404'],
    ['of another type', (): [number, string, Buffer] => [200, 'text/html', Buffer.from('<p>')], 'content-type'],
  ])('(%s) opens no place', async (_what, answer, code) => {
    const [status, type, body] = answer();
    const site = await startSite((_request, response) => response.writeHead(status, { 'content-type': type }).end(body));
    const store = new Store();
    expect(await failureOf(testFetcher().fetchFile(requestTo(site.origin, { accept: ['image/*'] }), store.open))).toMatchObject({ code });
    expect(store.head).toBeUndefined();
  });

  test('larger than allowed on the wire ends with too-large, and its place is destroyed', async () => {
    const site = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n');
      const pour = (): void => {
        while (!socket.destroyed && socket.write('a'.repeat(65_536)));
      };
      socket.on('drain', pour);
      pour();
    });
    const store = new Store();
    expect(await failureOf(testFetcher().fetchFile(requestTo(site.origin, anything), store.open))).toMatchObject({ code: 'too-large' });
    expect(store.destroyed).toBe(true);
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('a bomb (%s) ends with too-large', async (coding, code) => {
    const body = code(Buffer.alloc(64_000_000));
    const site = await startSite((_request, response) => response.writeHead(200, { 'content-encoding': coding }).end(body));
    const store = new Store();
    expect(await failureOf(testFetcher().fetchFile(requestTo(site.origin, anything), store.open))).toMatchObject({ code: 'too-large' });
    expect(store.content.length).toBeLessThanOrEqual(5_000_000);
  });

  test('cut short is an error, with its length or with its coding', async () => {
    const whole = gzipSync(noise);
    const site = await startRaw((socket, head) => {
      const length = head.includes('/sized') ? 'Content-Length: 900000\r\n' : 'Content-Encoding: gzip\r\n';
      socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\n${length}\r\n`);
      socket.end(whole.subarray(0, whole.length - 1_000));
    });
    const fetcher = testFetcher();
    expect(await failureOf(fetcher.fetchFile(requestTo(`${site.origin}/sized`, anything), new Store().open))).toMatchObject({
      code: 'connect',
    });
    expect(await failureOf(fetcher.fetchFile(requestTo(`${site.origin}/coded`, anything), new Store().open))).toMatchObject({
      code: 'protocol',
    });
  });

  test('for a place that breaks: its own error comes out, and the server is let go', async () => {
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const site = await startRaw((socket) => {
      socket.once('close', closed).write('HTTP/1.1 200 OK\r\n\r\n');
      const pour = (): void => {
        while (!socket.destroyed && socket.write('a'.repeat(65_536)));
      };
      socket.on('drain', pour);
      pour();
    });
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('the bucket is gone')) });
    const request = requestTo(site.origin, { ...anything, maxBytes: 1_000_000_000 });
    await expect(testFetcher().fetchFile(request, () => broken)).rejects.toThrow('the bucket is gone');
    await gone;
  });

  test('for a place that takes nothing: the deadline ends it, and the server is held back meanwhile', async () => {
    let sent = 0;
    const site = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const pour = (): void => {
        while (!socket.destroyed && socket.write('a'.repeat(65_536))) sent += 65_536;
      };
      socket.on('drain', pour);
      pour();
    });
    const stuck = new Writable({ write: () => {} });
    const request = requestTo(site.origin, { ...anything, maxBytes: 1_000_000_000, timeoutMs: 500 });
    expect(await failureOf(testFetcher().fetchFile(request, () => stuck))).toMatchObject({ code: 'timeout' });
    // What kernel buffers on loopback take; without back-pressure it would be all that half a second can carry.
    expect(sent).toBeLessThan(50_000_000);
  });

  test('for a place that never finishes: the deadline ends it, though the last byte has come', async () => {
    const site = await startSite((_request, response) => response.writeHead(200).end('all of it'));
    const endless = new Writable({ write: (_chunk, _encoding, done) => done(), final: () => {} });
    const request = requestTo(site.origin, { ...anything, timeoutMs: 300 });
    expect(await failureOf(testFetcher().fetchFile(request, () => endless))).toMatchObject({ code: 'timeout' });
  });
});
