import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseProxies, ProxyRotation } from '../../functions/fetch/proxies.ts';
import { UsageError } from '../../functions/job/errors.ts';
import { makeCertificate } from './certificates.ts';
import { startNameServer } from './name-server.ts';
import { failureOf, listen, pageOf, requestTo, startRaw, startSite, startTcp, testFetcher, type Site } from './harness.ts';

const authority = makeCertificate({ subject: 'test authority', isAuthority: true });
const certificate = makeCertificate({ subject: 'site', issuer: authority, names: ['127.0.0.1', 'localhost', 'site.example'] });

const plainSite = () =>
  startSite((request, response) => response.setHeader('content-type', 'text/html').end(`<p>${request.headers.host ?? ''}</p>`));
const secureSite = () =>
  listen(
    createHttpsServer({ key: certificate.key, cert: certificate.cert }, (request, response) =>
      response.setHeader('content-type', 'text/html').end(`<p>${request.headers.host ?? ''}</p>`),
    ),
    'https',
  );

interface HttpProxy extends Site {
  /** Request lines, with the credentials that came along. */
  readonly asked: readonly string[];
}

/** An HTTP proxy that forwards and tunnels to loopback, whatever name is asked for. */
async function startHttpProxy(options: { tls?: boolean; password?: string; refuse?: number } = {}): Promise<HttpProxy> {
  const asked: string[] = [];
  const expected = options.password === undefined ? undefined : `Basic ${Buffer.from(`user:${options.password}`).toString('base64')}`;
  const refusal = (authorization: string | undefined): number | undefined =>
    options.refuse ?? (expected !== undefined && authorization !== expected ? 407 : undefined);
  const server = options.tls ? createHttpsServer({ key: certificate.key, cert: certificate.cert }) : createServer();
  server.on('request', (request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const status = refusal(request.headers['proxy-authorization']);
    if (status !== undefined) return void response.writeHead(status).end('refused');
    const url = new URL(request.url ?? '');
    const headers = { ...request.headers };
    delete headers['proxy-authorization'];
    httpRequest({ host: '127.0.0.1', port: url.port, path: url.pathname + url.search, method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    }).end();
    return undefined;
  });
  server.on('connect', (request, socket: Socket) => {
    asked.push(`CONNECT ${request.url ?? ''}`);
    const status = refusal(request.headers['proxy-authorization']);
    if (status !== undefined) return void socket.end(`HTTP/1.1 ${status} Refused\r\n\r\n`);
    const target = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    for (const end of [socket, target]) end.on('error', () => {}).once('close', () => void (end === socket ? target : socket).destroy());
    return undefined;
  });
  return Object.assign(await listen(server, options.tls ? 'https' : 'http'), { asked });
}

describe('an HTTP proxy', () => {
  test('forwards http requests, whole URL and all, on kept connections', async () => {
    const [site, proxy] = [await plainSite(), await startHttpProxy()];
    const fetcher = testFetcher({ proxies: [proxy.origin] });
    for (const path of ['/a', '/b?x=1']) {
      const page = await pageOf(fetcher.fetch(requestTo(site.origin + path)));
      expect(page.text()).toBe(`<p>127.0.0.1:${site.port}</p>`);
    }
    expect(proxy.asked).toEqual([`GET ${site.origin}/a`, `GET ${site.origin}/b?x=1`]);
    expect(proxy.connections()).toBe(1);
  });

  test('tunnels https, and the certificate is the site’s', async () => {
    const [site, proxy] = [await secureSite(), await startHttpProxy()];
    const fetcher = testFetcher({ proxies: [proxy.origin], ca: authority.cert });
    const page = await pageOf(fetcher.fetch(requestTo(site.origin)));
    expect(page.text()).toBe(`<p>127.0.0.1:${site.port}</p>`);
    expect(proxy.asked).toEqual([`CONNECT 127.0.0.1:${site.port}`]);
    const untrusting = testFetcher({ proxies: [proxy.origin] });
    expect(await failureOf(untrusting.fetch(requestTo(site.origin)))).toMatchObject({ code: 'tls' });
  });

  test('may itself speak TLS', async () => {
    const [site, proxy] = [await secureSite(), await startHttpProxy({ tls: true })];
    const page = await pageOf(testFetcher({ proxies: [proxy.origin], ca: authority.cert }).fetch(requestTo(site.origin)));
    expect(page.status).toBe(200);
    const plain = await plainSite();
    expect((await pageOf(testFetcher({ proxies: [proxy.origin], ca: authority.cert }).fetch(requestTo(plain.origin)))).status).toBe(200);
  });

  test('gets its credentials, and the site does not', async () => {
    let seen: string | undefined = 'nothing yet';
    const site = await startSite((request, response) => {
      seen = request.headers['proxy-authorization'];
      response.setHeader('content-type', 'text/html').end('<p>');
    });
    const proxy = await startHttpProxy({ password: 'p@ss' });
    const origin = proxy.origin.replace('//', '//user:p%40ss@');
    await pageOf(testFetcher({ proxies: [origin] }).fetch(requestTo(site.origin)));
    expect(seen).toBeUndefined();
    const secure = await secureSite();
    await pageOf(testFetcher({ proxies: [origin], ca: authority.cert }).fetch(requestTo(secure.origin)));
  });

  test.each(['http', 'https'])('that refuses its credentials is proxy for %s, named without them', async (scheme) => {
    const proxy = await startHttpProxy({ password: 'right' });
    const site = scheme === 'http' ? await plainSite() : await secureSite();
    const fetcher = testFetcher({ proxies: [proxy.origin.replace('//', '//user:wrong@')] });
    const error = await failureOf(fetcher.fetch(requestTo(site.origin)));
    expect(error).toMatchObject({ code: 'proxy', next: 'again' });
    expect(error.message).toContain(`proxy 127.0.0.1:${proxy.port}`);
    expect(error.message).toContain('refuses its credentials');
    expect(JSON.stringify([error, error.message, fetcher.takeProxyCounts()])).not.toContain('wrong');
  });

  test('that will not connect to the host is proxy, and tells the status', async () => {
    const [site, proxy] = [await secureSite(), await startHttpProxy({ refuse: 503 })];
    const error = await failureOf(testFetcher({ proxies: [proxy.origin] }).fetch(requestTo(site.origin)));
    expect(error.code).toBe('proxy');
    expect(error.message).toContain('answered status 503');
  });

  test('that is not there is proxy', async () => {
    const error = await failureOf(testFetcher({ proxies: ['http://127.0.0.1:1'] }).fetch(requestTo('http://127.0.0.1:2/')));
    expect(error.code).toBe('proxy');
    expect(error.message).toContain('ECONNREFUSED');
  });

  test.each([
    ['says nothing', (socket: Socket) => void socket, 'did not answer'],
    ['hangs up', (socket: Socket) => void socket.end(), 'other side closed'],
    ['speaks something else', (socket: Socket) => void socket.write('SSH-2.0-x\r\n'), 'does not match the HTTP/1.1 protocol'],
  ])('that %s is proxy', async (_what, answer, words) => {
    const [site, proxy] = [await secureSite(), await startRaw(answer)];
    const error = await failureOf(testFetcher({ proxies: [proxy.origin], connectTimeoutMs: 200 }).fetch(requestTo(site.origin)));
    expect(error.code).toBe('proxy');
    expect(error.message).toContain(words);
  });

  test('is no way round the guard', async () => {
    const proxy = await startHttpProxy();
    const names = await startNameServer(() => ({ addresses: ['10.0.0.1'], ttl: 60 }));
    const fetcher = testFetcher({ proxies: [proxy.origin], allowedNetworks: '', nameServers: [names.address] });
    for (const url of ['http://169.254.169.254/', 'https://10.0.0.1/', 'http://inside.example/', 'https://localhost/'])
      expect(await failureOf(fetcher.fetch(requestTo(url)))).toMatchObject({ code: 'blocked-address' });
    expect(proxy.asked).toEqual([]);
  });
});

/** A SOCKS5 server that notes what it is asked for and connects to loopback. */
async function startSocks(options: { password?: string; reply?: number } = {}): Promise<Site & { readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createTcpServer((socket) => {
    socket.once('data', (greeting) => {
      const method = options.password === undefined ? 0 : 2;
      if (!greeting.subarray(2).includes(method)) return void socket.end(Buffer.from([5, 0xff]));
      socket.write(Buffer.from([5, method]));
      if (method === 0) return void socket.once('data', serve);
      socket.once('data', (login) => {
        const user = login.subarray(2, 2 + (login[1] ?? 0)).toString();
        const password = login.subarray(3 + (login[1] ?? 0)).toString();
        const isRight = user === 'user' && password === options.password;
        socket.write(Buffer.from([1, isRight ? 0 : 1]));
        if (isRight) socket.once('data', serve);
      });
      return undefined;
    });
    const serve = (command: Buffer): void => {
      const type = command[3];
      const host =
        type === 1 ? command.subarray(4, 8).join('.') : type === 3 ? command.subarray(5, 5 + (command[4] ?? 0)).toString() : 'IPv6';
      const port = command.readUInt16BE(command.length - 2);
      asked.push(`${host}:${port}`);
      const reply = options.reply ?? 0;
      const target = connect(port, '127.0.0.1', () => {
        socket.write(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]));
        socket.pipe(target).pipe(socket);
      });
      for (const end of [socket, target]) end.on('error', () => {}).once('close', () => void (end === socket ? target : socket).destroy());
    };
  });
  return Object.assign(await listen(server, 'socks5'), { asked });
}

describe('a SOCKS5 proxy', () => {
  test('carries http and https', async () => {
    const [plain, secure, proxy] = [await plainSite(), await secureSite(), await startSocks()];
    const fetcher = testFetcher({ proxies: [proxy.origin], ca: authority.cert });
    expect((await pageOf(fetcher.fetch(requestTo(plain.origin)))).text()).toBe(`<p>127.0.0.1:${plain.port}</p>`);
    expect((await pageOf(fetcher.fetch(requestTo(secure.origin)))).text()).toBe(`<p>127.0.0.1:${secure.port}</p>`);
    expect(proxy.asked).toEqual([`127.0.0.1:${plain.port}`, `127.0.0.1:${secure.port}`]);
  });

  test('is told the address that was judged here, or with socks5h the name', async () => {
    const [site, proxy] = [await plainSite(), await startSocks()];
    const names = await startNameServer(() => ({ addresses: ['127.0.0.9'], ttl: 60 }));
    for (const scheme of ['socks5', 'socks5h']) {
      const fetcher = testFetcher({ proxies: [proxy.origin.replace('socks5', scheme)], nameServers: [names.address] });
      expect((await pageOf(fetcher.fetch(requestTo(`http://site.example:${site.port}/`)))).text()).toBe(`<p>site.example:${site.port}</p>`);
    }
    expect(proxy.asked).toEqual([`127.0.0.9:${site.port}`, `site.example:${site.port}`]);
  });

  test('is told IPv6 addresses whole', async () => {
    const proxy = await startSocks({ reply: 4 });
    const error = await failureOf(testFetcher({ proxies: [proxy.origin] }).fetch(requestTo('http://[::1]:9/')));
    expect(error.code).toBe('proxy');
  });

  test('gets its credentials', async () => {
    const [site, proxy] = [await plainSite(), await startSocks({ password: 'right' })];
    const as = (login: string) => testFetcher({ proxies: [proxy.origin.replace('//', `//${login}`)] }).fetch(requestTo(site.origin));
    expect((await pageOf(as('user:right@'))).status).toBe(200);
    const wrong = await failureOf(as('user:wrong@'));
    expect(wrong).toMatchObject({ code: 'proxy' });
    expect(wrong.message).toContain('refuses its credentials');
    expect(wrong.message).not.toContain('wrong');
    expect((await failureOf(as(''))).message).toContain('wants credentials');
  });

  test('that cannot reach the host says why', async () => {
    const [site, proxy] = [await plainSite(), await startSocks({ reply: 5 })];
    const error = await failureOf(testFetcher({ proxies: [proxy.origin] }).fetch(requestTo(site.origin)));
    expect(error).toMatchObject({ code: 'proxy' });
    expect(error.message).toContain('"connection refused"');
  });

  test.each([
    ['is none', (socket: Socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), 'is no SOCKS5 server'],
    ['hangs up', (socket: Socket) => void socket.end(), 'ended'],
    ['says nothing', () => {}, 'did not answer'],
  ])('that %s is proxy', async (_what, answer, words) => {
    const [site, proxy] = [await plainSite(), await startTcp((socket) => void socket.once('data', () => answer(socket)))];
    const fetcher = testFetcher({ proxies: [proxy.origin.replace('http', 'socks5')], connectTimeoutMs: 200 });
    const error = await failureOf(fetcher.fetch(requestTo(site.origin)));
    expect(error.code).toBe('proxy');
    expect(error.message).toContain(words);
  });

  test('is no way round the guard, by name either', async () => {
    const proxy = await startSocks();
    const fetcher = testFetcher({ proxies: [proxy.origin.replace('socks5', 'socks5h')], allowedNetworks: '' });
    expect(await failureOf(fetcher.fetch(requestTo('http://localhost/')))).toMatchObject({ code: 'blocked-address' });
    expect(proxy.asked).toEqual([]);
  });
});

describe('several proxies', () => {
  const NOW = 1_000_000;

  test('take turns', async () => {
    const [site, one, two] = [await plainSite(), await startHttpProxy(), await startHttpProxy()];
    const fetcher = testFetcher({ proxies: [one.origin, two.origin] });
    for (let i = 0; i < 4; i++) await fetcher.fetch(requestTo(`${site.origin}/${i}`));
    expect([one.asked.length, two.asked.length]).toEqual([2, 2]);
  });

  test('that fail rest, longer each time, while the others work on; the count is told', async () => {
    const [site, good] = [await plainSite(), await startHttpProxy()];
    const fetcher = testFetcher({ proxies: ['http://127.0.0.1:1', good.origin], now: () => NOW });
    const codes: string[] = [];
    for (let i = 0; i < 10; i++) {
      const answer = fetcher.fetch(requestTo(`${site.origin}/${i}`));
      codes.push(
        await answer.then(
          () => 'page',
          (error: { code: string }) => error.code,
        ),
      );
    }
    expect(codes.filter((code) => code === 'proxy')).toHaveLength(3);
    expect(fetcher.takeProxyCounts()).toEqual({
      '127.0.0.1:1': { fetches: 3, failures: 3 },
      [`127.0.0.1:${good.port}`]: { fetches: 7, failures: 0 },
    });
    expect(fetcher.takeProxyCounts()).toEqual({});
  });

  test('that all rest are tried all the same, the one that has rested most first', () => {
    const [a, b] = parseProxies(['http://a.example', 'http://b.example']);
    const rotation = new ProxyRotation([a, b].filter((proxy) => proxy !== undefined));
    for (let i = 0; i < 3; i++)
      for (const [proxy, at] of [
        [a, NOW],
        [b, NOW + 5_000],
      ] as const)
        if (proxy) rotation.report(proxy, true, at);
    expect(rotation.pick(NOW + 6_000)).toBe(a);
    expect(rotation.pick(NOW + 30_000)).toBe(a);
    if (a) rotation.report(a, true, NOW + 30_000);
    // A fourth failure in a row: twice as long.
    expect(rotation.pick(NOW + 35_000)).toBe(b);
    expect([rotation.pick(NOW + 89_999), rotation.pick(NOW + 90_000)]).toEqual([b, a]);
    if (a) rotation.report(a, false, NOW + 91_000);
    for (let i = 0; i < 2; i++) if (a) rotation.report(a, true, NOW + 91_000);
    expect([rotation.pick(NOW + 91_000), rotation.pick(NOW + 91_000)]).toContain(a);
  });
});

test('a list can be one text', () => {
  const labels = parseProxies(' http://a.example:8080,socks5://u:p@b.example\nhttps://c.example ').map(({ label }) => label);
  expect(labels).toEqual(['a.example:8080', 'b.example:1080', 'c.example:443']);
  expect(parseProxies('')).toEqual([]);
});

test('a list that holds something else is refused by its place, without a word of what stands there', () => {
  const list = [
    'http://user:secret@a.example:8080',
    'ftp://user:secret@b.example',
    'secret',
    'socks5://c.example',
    'http://u:%zz@d.example',
  ];
  expect(() => parseProxies(list)).toThrow(UsageError);
  expect(() => parseProxies(list)).toThrow(/^Proxy 2, 3, 5 of the list is none/);
  expect(() => parseProxies(list)).not.toThrow(/secret/);
});

describe('proxies of the Debian archive', () => {
  const has = (program: string): boolean => spawnSync('which', [program]).status === 0;

  /** Starts a program that listens on a port, and waits until it does. */
  async function startProgram(program: string, args: (port: number) => readonly string[]): Promise<number> {
    const probe = createTcpServer();
    await new Promise<void>((resolve) => void probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => void probe.close(resolve));
    const child = spawn(program, args(port), { stdio: 'ignore' });
    onTestFinished(() => void child.kill());
    for (;;) {
      const isUp = await new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy();
          resolve(true);
        }).on('error', () => resolve(false));
      });
      if (isUp) return port;
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  // Where the program is not installed there is nothing to hold the fetcher against.
  test.skipIf(!has('tinyproxy'))('tinyproxy forwards and tunnels, with credentials', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tinyproxy-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const port = await startProgram('tinyproxy', (at) => {
      const file = join(folder, 'tinyproxy.conf');
      writeFileSync(file, `Port ${at}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nAllow 127.0.0.1\nBasicAuth user secret\n`);
      return ['-d', '-c', file];
    });
    const [plain, secure] = [await plainSite(), await secureSite()];
    const fetcher = testFetcher({ proxies: [`http://user:secret@127.0.0.1:${port}`], ca: authority.cert });
    expect((await pageOf(fetcher.fetch(requestTo(plain.origin)))).text()).toBe(`<p>127.0.0.1:${plain.port}</p>`);
    expect((await pageOf(fetcher.fetch(requestTo(secure.origin)))).text()).toBe(`<p>127.0.0.1:${secure.port}</p>`);
    const stranger = testFetcher({ proxies: [`http://127.0.0.1:${port}`] });
    expect(await failureOf(stranger.fetch(requestTo(plain.origin)))).toMatchObject({ code: 'proxy' });
  });

  test.skipIf(!has('microsocks'))('microsocks carries http and https, by address and by name, with credentials', async () => {
    const port = await startProgram('microsocks', (at) => ['-i', '127.0.0.1', '-p', String(at), '-u', 'user', '-P', 'secret']);
    const [plain, secure] = [await plainSite(), await secureSite()];
    for (const scheme of ['socks5', 'socks5h']) {
      const fetcher = testFetcher({ proxies: [`${scheme}://user:secret@127.0.0.1:${port}`], ca: authority.cert });
      expect((await pageOf(fetcher.fetch(requestTo(`http://localhost:${plain.port}/`)))).text()).toBe(`<p>localhost:${plain.port}</p>`);
      expect((await pageOf(fetcher.fetch(requestTo(`https://localhost:${secure.port}/`)))).text()).toBe(`<p>localhost:${secure.port}</p>`);
    }
    const wrong = testFetcher({ proxies: [`socks5://user:other@127.0.0.1:${port}`] });
    expect(await failureOf(wrong.fetch(requestTo(plain.origin)))).toMatchObject({ code: 'proxy' });
  });
});
