import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a page of the test web answers: HTML, or a whole response. */
export type Page = string | ((request: IncomingMessage, response: ServerResponse) => void);

/** A web server on loopback for one test. */
export interface Web extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Paths asked for, in order of arrival; robots.txt left out. */
  readonly log: string[];
}

/**
 * Serves pages by path; robots.txt allows all unless there is a page of that path, anything else is a 404.
 *
 * @param host - any address of 127.0.0.0/8: several hosts on one machine.
 */
export async function startWeb(
  pages: Readonly<Record<string, Page>> | ((path: string) => Page | undefined),
  host = '127.0.0.1',
  port = 0,
): Promise<Web> {
  const find = typeof pages === 'function' ? pages : (path: string) => pages[path];
  const log: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const page = find(path) ?? (path === '/robots.txt' ? 'User-agent: *\nAllow: /\n' : undefined);
    if (path !== '/robots.txt') log.push(path);
    if (typeof page === 'function') return page(request, response);
    response.statusCode = page === undefined ? 404 : 200;
    response.setHeader('content-type', path === '/robots.txt' ? 'text/plain' : 'text/html; charset=utf-8');
    response.end(page ?? 'Not here.');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}`,
    port: address.port,
    server,
    log,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
