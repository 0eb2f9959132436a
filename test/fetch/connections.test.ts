import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { failureOf, htmlAnswer, pageOf, requestTo, startRaw, startSite, testFetcher } from './harness.ts';

describe('keep-alive', () => {
  test('one connection serves one page after another', async () => {
    const site = await startSite((_request, response) => response.setHeader('content-type', 'text/html').end('<p>'));
    const fetcher = testFetcher();
    for (let i = 0; i < 5; i++) await fetcher.fetch(requestTo(`${site.origin}/${i}`));
    expect(site.connections()).toBe(1);
  });

  test('error pages and pages of another type leave the connection usable', async () => {
    const site = await startSite((request, response) => {
      const answers = { '/missing': [404, 'text/html'], '/image': [200, 'image/png'] } as const;
      const [status, type] = answers[request.url as keyof typeof answers] ?? [200, 'text/html'];
      response.writeHead(status, { 'content-type': type }).end('x'.repeat(20_000));
    });
    const fetcher = testFetcher();
    expect(await failureOf(fetcher.fetch(requestTo(`${site.origin}/missing`)))).toMatchObject({ code: 'http-404' });
    expect(await failureOf(fetcher.fetch(requestTo(`${site.origin}/image`)))).toMatchObject({ code: 'content-type' });
    await fetcher.fetch(requestTo(`${site.origin}/`));
    expect(site.connections()).toBe(1);
  });

  test('a large unwanted body is cut off, and its connection closed', async () => {
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const site = await startRaw((socket) => {
      socket.once('close', closed);
      socket.write('HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n');
      const pour = (): void => {
        while (!socket.destroyed && socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`));
      };
      socket.on('drain', pour);
      pour();
    });
    expect(await failureOf(testFetcher().fetch(requestTo(site.origin)))).toMatchObject({ code: 'http-404' });
    await gone;
  });

  /** Answers once on a connection, keeps it, and breaks it when it is used again. */
  const forgetful = (breakIt: (socket: Socket) => void) => {
    const served = new WeakMap<Socket, number>();
    return startRaw((socket) => {
      const count = (served.get(socket) ?? 0) + 1;
      served.set(socket, count);
      if (count === 1) socket.write(htmlAnswer());
      else breakIt(socket);
    });
  };

  test.each([
    ['closed', (socket: Socket) => void socket.end()],
    ['reset', (socket: Socket) => void socket.resetAndDestroy()],
  ])('a kept connection that turns out %s is replaced by a new one, once', async (_how, breakIt) => {
    const site = await forgetful(breakIt);
    const fetcher = testFetcher();
    await fetcher.fetch(requestTo(site.origin));
    const page = await pageOf(fetcher.fetch(requestTo(site.origin)));
    expect(page.text()).toBe('<p>ok</p>');
    expect(site.connections()).toBe(2);
  });

  test('a POST is not sent again: nobody knows whether the first was done', async () => {
    const site = await forgetful((socket) => void socket.resetAndDestroy());
    const fetcher = testFetcher();
    await fetcher.fetch(requestTo(site.origin));
    const error = await failureOf(fetcher.fetch(requestTo(site.origin, { method: 'POST', body: 'a=1' })));
    expect(error.code).toBe('connect');
    expect(site.connections()).toBe(1);
  });

  test('a new connection that breaks is not tried twice', async () => {
    const site = await startRaw((socket) => void socket.resetAndDestroy());
    await failureOf(testFetcher().fetch(requestTo(site.origin)));
    expect(site.connections()).toBe(1);
  });

  test('a connection that breaks inside an answer is not tried again here', async () => {
    const served = new WeakSet<Socket>();
    const site = await startRaw((socket) => {
      if (served.has(socket)) socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\nhalf');
      else socket.write(htmlAnswer());
      served.add(socket);
    });
    const fetcher = testFetcher();
    await fetcher.fetch(requestTo(site.origin));
    expect(await failureOf(fetcher.fetch(requestTo(site.origin)))).toMatchObject({ code: 'connect' });
    expect(site.connections()).toBe(1);
  });
});

describe('the number of sockets', () => {
  test('never passes the limit, and everything is served all the same', async () => {
    let most = 0;
    const sites = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const site = await startSite((_request, response) => {
          most = Math.max(
            most,
            sites.reduce((sum, { sockets }) => sum + sockets.size, 0),
          );
          response.setHeader('content-type', 'text/html').end('<p>');
        });
        return site;
      }),
    );
    const fetcher = testFetcher({ maxSockets: 4 });
    const pages = await Promise.all(
      Array.from({ length: 60 }, (_, i) => pageOf(fetcher.fetch(requestTo(`${sites[i % 6]?.origin ?? ''}/${i}`)))),
    );
    expect(pages.every(({ status }) => status === 200)).toBe(true);
    // The server sees a close a little later than the client: one may be on its way out while the next comes in.
    expect(most).toBeLessThanOrEqual(8);
  });

  test('a fetch that waits for a socket ends at its own time', async () => {
    const site = await startRaw(() => {});
    const fetcher = testFetcher({ maxSockets: 1 });
    const [first, second] = [new AbortController(), requestTo(site.origin, { timeoutMs: 100 })];
    const blocked = failureOf(fetcher.fetch(requestTo(site.origin, { signal: first.signal })));
    const error = await failureOf(fetcher.fetch(second));
    expect(error.code).toBe('timeout');
    expect(error.message).toContain('connecting');
    first.abort();
    await blocked;
  });
});

test('closing a fetcher ends what is under way', async () => {
  const fetcher = testFetcher();
  const site = await startRaw(() => void fetcher.close());
  expect(await failureOf(fetcher.fetch(requestTo(site.origin)))).toMatchObject({ code: 'connect' });
});
