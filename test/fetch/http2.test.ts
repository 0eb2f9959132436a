import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createTlsServer } from 'node:tls';
import { expect, test } from 'vitest';
import { gzipSync } from 'node:zlib';
import { makeCertificate } from './certificates.ts';
import { failureOf, listen, pageOf, requestTo, testFetcher, type Site } from './harness.ts';

const authority = makeCertificate({ subject: 'test authority', isAuthority: true });
const { cert, key } = makeCertificate({ subject: 'site', issuer: authority, names: ['127.0.0.1'] });

function h2Server(handler?: (request: Http2ServerRequest, response: Http2ServerResponse) => void): Http2SecureServer {
  return createSecureServer({ cert, key, maxHeaderListPairs: 2_000, allowHTTP1: true }, handler);
}

async function streamSite(onStream: (stream: ServerHttp2Stream) => void): Promise<Site> {
  const server = h2Server();
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    onStream(stream);
  });
  return listen(server, 'https');
}

test('where the server offers it, pages come over HTTP/2, all on one connection', async () => {
  const versions = new Set<string>();
  const server = h2Server((request, response) => {
    versions.add(request.httpVersion);
    response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' });
    response.end(gzipSync(`<p>${request.url}</p>`));
  });
  const site = await listen(server, 'https');
  const fetcher = testFetcher({ ca: authority.cert });
  const pages = await Promise.all(Array.from({ length: 20 }, (_, i) => pageOf(fetcher.fetch(requestTo(`${site.origin}/${i}`)))));
  expect(pages.map((page) => page.text())).toEqual(Array.from({ length: 20 }, (_, i) => `<p>/${i}</p>`));
  expect([...versions]).toEqual(['2.0']);
  expect(site.connections()).toBe(1);
});

test('a body that came in the same piece of memory as others is not given back', async () => {
  const server = h2Server(
    (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'.padEnd(9_000, 'a')),
  );
  const site = await listen(server, 'https');
  const fetcher = testFetcher({ ca: authority.cert });
  const pages = await Promise.all([1, 2, 3, 4].map(() => pageOf(fetcher.fetch(requestTo(site.origin)))));
  expect(pages.map((page) => page.release)).toEqual([1, 2, 3, 4].map(() => undefined));
});

test('HTTP/2 can be switched off', async () => {
  const server = h2Server((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(request.httpVersion);
  });
  const site = await listen(server, 'https');
  const page = await pageOf(testFetcher({ ca: authority.cert, allowH2: false }).fetch(requestTo(site.origin)));
  expect(page.text()).toBe('1.1');
});

test('a body over the limit ends with too-large and leaves the connection to the others', async () => {
  const site = await streamSite((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/html' });
    if (stream.sentHeaders[':status'] === 200 && stream.id === 1) stream.end('<p>');
    else {
      const pour = (): void => {
        while (!stream.destroyed && stream.write('a'.repeat(65_536)));
      };
      stream.on('drain', pour);
      pour();
    }
  });
  const fetcher = testFetcher({ ca: authority.cert });
  await fetcher.fetch(requestTo(site.origin));
  expect(await failureOf(fetcher.fetch(requestTo(site.origin)))).toMatchObject({ code: 'too-large' });
  expect(site.connections()).toBe(1);
});

test.each([
  ['reset before an answer', (stream: ServerHttp2Stream) => stream.close(2), 'connect'],
  [
    'ended before its content-length',
    (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html', 'content-length': 100 });
      stream.end('half');
    },
    'connect',
  ],
  [
    'whose connection breaks inside the body',
    (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.write('half', () => stream.session?.destroy());
    },
    'connect',
  ],
  [
    'with a flood of headers',
    (stream: ServerHttp2Stream) => {
      const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`x-${i}`, '1']));
      stream.respond({ ':status': 200, 'content-type': 'text/html', ...many }, { endStream: true });
    },
    'too-large',
  ],
] as const)('a stream %s is an error, not a page', async (_how, answer, code) => {
  const site = await streamSite(answer);
  expect(await failureOf(testFetcher({ ca: authority.cert }).fetch(requestTo(site.origin)))).toMatchObject({ code });
});

test('a stream that says nothing ends at the header timeout', async () => {
  const site = await streamSite(() => {});
  const error = await failureOf(testFetcher({ ca: authority.cert, headersTimeoutMs: 100 }).fetch(requestTo(site.origin)));
  expect(error.code).toBe('timeout');
});

test('a server that has too much to send on one connection is asked on another', async () => {
  const body = '<p>'.padEnd(4_000_000, 'a');
  // Node's default, 10 MB, which the pages at a time are over.
  const server = createSecureServer({ cert, key }, (_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(body);
  });
  const site = await listen(server, 'https');
  const fetcher = testFetcher({ ca: authority.cert });
  await pageOf(fetcher.fetch(requestTo(site.origin, { maxBytes: 5_000_000 })));
  const pages = await Promise.all([1, 2, 3, 4].map(() => pageOf(fetcher.fetch(requestTo(site.origin, { maxBytes: 5_000_000 })))));
  expect(pages.map((page) => page.body.length)).toEqual([1, 2, 3, 4].map(() => body.length));
});

test('a server that goes away between two pages costs a new connection, not a page', async () => {
  const site = await streamSite((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/html' });
    stream.end('<p>');
    stream.session?.goaway(0);
  });
  const fetcher = testFetcher({ ca: authority.cert });
  for (let i = 0; i < 3; i++) await pageOf(fetcher.fetch(requestTo(site.origin)));
  expect(site.connections()).toBeGreaterThan(1);
});

/** An HTTP/2 frame. @see RFC 9113, section 4.1. */
function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

test('a stream reset inside the body is an error, not a page', async () => {
  const server = createTlsServer({ cert, key, ALPNProtocols: ['h2'] }, (socket) => {
    const [headers, data, reset, settings] = [1, 0, 3, 4];
    socket
      .on('error', () => {})
      .once('data', () => {
        // HPACK: `:status: 200` and `content-type: text/html`, both from the static table's names.
        const block = Buffer.concat([Buffer.from([0x88, 0x0f, 0x10, 9]), Buffer.from('text/html')]);
        const answer = [
          frame(settings, 0, 0),
          frame(headers, 4, 1, block),
          frame(data, 0, 1, Buffer.from('half')),
          frame(reset, 0, 1, Buffer.from([0, 0, 0, 2])),
        ];
        socket.write(Buffer.concat(answer));
      });
  });
  const site = await listen(server, 'https');
  expect(await failureOf(testFetcher({ ca: authority.cert }).fetch(requestTo(site.origin)))).toMatchObject({ code: 'connect' });
});
