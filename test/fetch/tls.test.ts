import { createServer } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { expect, test } from 'vitest';
import { makeCertificate, type Certificate } from './certificates.ts';
import { failureOf, listen, pageOf, requestTo, startSite, startTcp, testFetcher, type Site } from './harness.ts';

const authority = makeCertificate({ subject: 'test authority', isAuthority: true });

function httpsSite(certificate: Pick<Certificate, 'cert' | 'key'>, more: object = {}): Promise<Site> {
  const server = createServer({ cert: certificate.cert, key: certificate.key, ...more }, (_request, response) =>
    response.setHeader('content-type', 'text/html').end('<p>secret</p>'),
  );
  return listen(server, 'https');
}

test('what was ended while its connection was being made is not sent once it is there', async () => {
  const certificate = makeCertificate({ subject: 'site', issuer: authority, names: ['localhost'] });
  const paths: (string | undefined)[] = [];
  const context = createSecureContext({ cert: certificate.cert, key: certificate.key });
  /** The first handshake waits for the test. */
  const held = Promise.withResolvers<() => void>();
  let handshakes = 0;
  const SNICallback = (_name: string, goOn: (error: Error | null, context: SecureContext) => void): void => {
    if (++handshakes === 1) held.resolve(() => goOn(null, context));
    else goOn(null, context);
  };
  const server = createServer({ SNICallback }, (request, response) => {
    paths.push(request.url);
    response.setHeader('content-type', 'text/html').end('<p>');
  });
  const { port } = await listen(server, 'https');
  const fetcher = testFetcher({ ca: authority.cert });
  const stop = new AbortController();
  const first = failureOf(fetcher.fetch(requestTo(`https://localhost:${port}/ended`, { signal: stop.signal })));
  const goOn = await held.promise;
  stop.abort();
  expect((await first).code).toBe('cancelled');
  goOn();
  await fetcher.fetch(requestTo(`https://localhost:${port}/next`));
  expect(paths).toEqual(['/next']);
});

test('a certificate of a known authority is fine', async () => {
  const site = await httpsSite(makeCertificate({ subject: 'site', issuer: authority, names: ['127.0.0.1'] }));
  const page = await pageOf(testFetcher({ ca: authority.cert }).fetch(requestTo(site.origin)));
  expect(page.text()).toBe('<p>secret</p>');
});

test('a redirect to http is followed without credentials only', async () => {
  const plain = await startSite((_request, response) => response.setHeader('content-type', 'text/html').end('<p>plain'));
  const certificate = makeCertificate({ subject: 'site', issuer: authority, names: ['127.0.0.1'] });
  const server = createServer({ cert: certificate.cert, key: certificate.key }, (_request, response) =>
    response.writeHead(302, { location: plain.origin }).end(),
  );
  const site = await listen(server, 'https');
  const fetcher = testFetcher({ ca: authority.cert });
  expect((await pageOf(fetcher.fetch(requestTo(site.origin)))).text()).toBe('<p>plain');
  const error = await failureOf(fetcher.fetch(requestTo(site.origin, { headers: { Authorization: 'Bearer secret' } })));
  expect(error).toMatchObject({ code: 'bad-redirect', next: 'never' });
  expect(plain.connections()).toBe(1);
});

test('a later connection takes up the TLS session of the first', async () => {
  let resumed = 0;
  const certificate = makeCertificate({ subject: 'site', issuer: authority, names: ['127.0.0.1'] });
  const server = createServer({ cert: certificate.cert, key: certificate.key }, (request, response) => {
    if ('isSessionReused' in request.socket && (request.socket as { isSessionReused(): boolean }).isSessionReused()) resumed++;
    response.writeHead(200, { 'content-type': 'text/html', connection: 'close' }).end('<p>');
  });
  const site = await listen(server, 'https');
  const fetcher = testFetcher({ ca: authority.cert });
  for (let i = 0; i < 3; i++) await fetcher.fetch(requestTo(site.origin));
  expect(resumed).toBeGreaterThan(0);
});

test.each([
  ['self-signed', makeCertificate({ subject: 'self', names: ['127.0.0.1'] }), 'the certificate is self-signed'],
  [
    'of an unknown authority',
    makeCertificate({ subject: 'site', issuer: makeCertificate({ subject: 'nobody', isAuthority: true }), names: ['127.0.0.1'] }),
    'authority unknown',
  ],
  ['expired', makeCertificate({ subject: 'old', issuer: authority, names: ['127.0.0.1'], fromDays: -9, toDays: -1 }), 'has expired'],
  ['not valid yet', makeCertificate({ subject: 'new', issuer: authority, names: ['127.0.0.1'], fromDays: 1, toDays: 9 }), 'not yet valid'],
  ['for another host', makeCertificate({ subject: 'other', issuer: authority, names: ['other.example'] }), 'for another host'],
  ['without any name', makeCertificate({ subject: '127.0.0.1', issuer: authority }), 'for another host'],
])('a certificate that is %s is tls, final, and says so', async (_how, certificate, words) => {
  const site = await httpsSite(certificate);
  const error = await failureOf(testFetcher({ ca: authority.cert }).fetch(requestTo(site.origin)));
  expect(error).toMatchObject({ code: 'tls', next: 'never' });
  expect(error.message).toContain(words);
});

test('a server that speaks only TLS of long ago is tls', async () => {
  const certificate = makeCertificate({ subject: 'site', issuer: authority, names: ['127.0.0.1'] });
  const site = await httpsSite(certificate, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
  expect(await failureOf(testFetcher({ ca: authority.cert }).fetch(requestTo(site.origin)))).toMatchObject({ code: 'tls' });
});

test('a server that speaks plain HTTP on the TLS port is tls', async () => {
  const site = await startTcp((socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
  expect(await failureOf(testFetcher().fetch(requestTo(site.origin.replace('http:', 'https:'))))).toMatchObject({ code: 'tls' });
});

test('a connection that breaks during the handshake is connect: it may pass', async () => {
  const site = await startTcp((socket) => void socket.once('data', () => socket.destroy()));
  const error = await failureOf(testFetcher().fetch(requestTo(site.origin.replace('http:', 'https:'))));
  expect(error).toMatchObject({ code: 'connect', next: 'again' });
});

test('a handshake that never ends is cut off at the connect timeout', async () => {
  const site = await startTcp(() => {});
  const error = await failureOf(testFetcher({ connectTimeoutMs: 100 }).fetch(requestTo(site.origin.replace('http:', 'https:'))));
  expect(error).toMatchObject({ code: 'connect' });
  expect(error.message).toContain('Connect Timeout');
});
