import fc from 'fast-check';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { RequestError, errorCatalogue } from '../../functions/job/errors.ts';
import { requestTo, startRaw, testFetcher } from './harness.ts';

/** What a server may do with a connection, one thing after another. */
type Move = { readonly write: string } | { readonly end: 'end' | 'destroy' | 'reset' };

const heads = [
  'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n',
  'HTTP/1.1 302 Found\r\nLocation: /0\r\n',
  'HTTP/1.1 302 Found\r\nLocation: http://[/\r\n',
  'HTTP/1.1 503 Busy\r\nRetry-After: soon\r\n',
  'HTTP/1.1 999 Odd\r\n',
  'HTTP/1.1 407 Proxy\r\n',
  'HTTP/2 200\r\n',
  'HTTP/1.0 200 OK\r\n',
  'ICY 200 OK\r\n',
  '220 mail.example ESMTP\r\n',
];
const fields = [
  'Content-Length: 5\r\n',
  'Content-Length: 5\r\nContent-Length: 6\r\n',
  'Content-Length: -1\r\n',
  'Content-Length: 99999999999999999999\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Content-Encoding: gzip\r\n',
  'Content-Encoding: br, zstd\r\n',
  'Connection: close\r\n',
  'Keep-Alive: timeout=0\r\n',
  'Set-Cookie: a=b; Domain=.com\r\n',
  'Trailer: X\r\n',
  ': no name\r\n',
  'No colon\r\n',
  'X: \u0000\r\n',
  ' folded\r\n',
  '\r\n',
];
const bodies = [
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  '5\r\nhel',
  'zz\r\n',
  'ffffffffffffffffff\r\n',
  '0\r\nX: y\r\n\r\n',
  '\u001f\u008b\b\u0000',
  '\r\n\r\n',
];

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...heads).map((write) => ({ write })) },
  { weight: 5, arbitrary: fc.constantFrom(...fields).map((write) => ({ write })) },
  { weight: 4, arbitrary: fc.constantFrom(...bodies).map((write) => ({ write })) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ write: Buffer.from(bytes).toString('latin1') })) },
  { weight: 2, arbitrary: fc.constantFrom('end', 'destroy', 'reset').map((end) => ({ end })) },
);

function play(socket: Socket, moves: readonly Move[]): void {
  for (const one of moves) {
    if (socket.destroyed) return;
    if ('write' in one) socket.write(one.write, 'latin1');
    else if (one.end === 'end') socket.end();
    else if (one.end === 'destroy') socket.destroy();
    else socket.resetAndDestroy();
  }
}

test('whatever a server does, the page or one code of the catalogue comes of it in time, never a fault of our own, and no socket stays behind', async () => {
  const wellBegun = fc
    .tuple(fc.constantFrom(...heads, heads[0]), fc.array(move, { maxLength: 3 }), fc.constantFrom(...bodies))
    .map(([head = '', more, body]): Move[] => [{ write: head }, ...more, { write: `\r\n${body}` }, { end: 'end' }]);
  const anyCase = fc.tuple(fc.oneof(wellBegun, fc.array(move, { maxLength: 8 })), fc.constantFrom('GET', 'POST', 'HEAD'));
  const cases = fc.sample(anyCase, { numRuns: 400, seed: 4 });
  const server = await startRaw((socket, head) => play(socket, cases[Number(/ \/(\d+) /.exec(head)?.[1] ?? 0)]?.[0] ?? []));
  const fetcher = testFetcher({ headersTimeoutMs: 60, bodyTimeoutMs: 60 });
  const codes = await Promise.all(
    cases.map(async ([, method], i) => {
      // The total time is far beyond what ends any of these: who gets there has hung.
      try {
        await fetcher.fetch(requestTo(`${server.origin}/${i}`, { method, timeoutMs: 60_000 }));
        return 'page';
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        return error.message.includes('not there whole after') ? 'hung' : error.code;
      }
    }),
  );
  expect(cases.filter((_, i) => codes[i] === 'internal' || codes[i] === 'hung')).toEqual([]);
  const named = new Set(Object.keys(errorCatalogue));
  expect(codes.filter((code) => code !== 'page' && !code.startsWith('http-') && !named.has(code))).toEqual([]);
  // What was tried brings all sorts of ends about, or it would show nothing.
  expect([...new Set(codes)]).toEqual(expect.arrayContaining(['page', 'connect', 'protocol', 'timeout']));
  await fetcher.close();
  await expect.poll(() => [...server.sockets].filter((socket) => !socket.destroyed), { timeout: 20_000 }).toEqual([]);
});
