import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { createFetcher, type FetcherOptions } from '../../functions/fetch/fetcher.ts';
import { RequestError } from '../../functions/job/errors.ts';
import type { FetchedPage, Fetcher, FetchRequest, RedirectedElsewhere } from '../../functions/fetch/types.ts';

/** What the tests' servers live on. */
export const LOOPBACK = '127.0.0.0/8,::1/128';

export interface Site {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly origin: string;
  readonly port: number;
  /** Connections that came in so far. */
  readonly connections: () => number;
  /** Connections open now. */
  readonly sockets: ReadonlySet<Socket>;
}

/** An HTTP server for one test. */
export function startSite(handler: RequestListener): Promise<Site> {
  return listen(createServer({ keepAliveTimeout: 60_000, maxHeaderSize: 1_000_000 }, handler));
}

/** A server that speaks whatever the test makes it speak. */
export function startTcp(onConnection: (socket: Socket) => void): Promise<Site> {
  return listen(createTcpServer(onConnection));
}

/** A server that answers each request (its head, at least) with given bytes and then does what the test wants. */
export function startRaw(answer: (socket: Socket, head: string) => void): Promise<Site> {
  return startTcp((socket) => {
    let head = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      head += chunk;
      if (!head.includes('\r\n\r\n')) return;
      const complete = head;
      head = '';
      answer(socket, complete);
    });
  });
}

export async function listen(server: Server, scheme = 'http', host = '127.0.0.1'): Promise<Site> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    // Clients that cut an answer off are what many tests are about.
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => void server.listen(0, host, resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => void server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`, port, connections: () => connections, sockets };
}

/** A fetcher for one test that may talk to loopback. */
export function testFetcher(options: Partial<FetcherOptions> = {}): Fetcher {
  const fetcher = createFetcher({
    userAgent: 'urldrop-test/1 (+https://example.org/contact)',
    allowedNetworks: LOOPBACK,
    maxSockets: 100,
    ...options,
  });
  onTestFinished(() => fetcher.close());
  return fetcher;
}

export function requestTo(url: string, more: Partial<FetchRequest> = {}): FetchRequest {
  return {
    url,
    method: 'GET',
    headers: {},
    timeoutMs: 20_000,
    maxBytes: 1_000_000,
    accept: ['text/html', 'application/xhtml+xml'],
    maxRedirects: 5,
    redirects: 0,
    isOwn: () => true,
    ...more,
  };
}

/** The page that a fetch gave. @throws where it went elsewhere. */
export async function pageOf(fetched: Promise<FetchedPage | RedirectedElsewhere>): Promise<FetchedPage> {
  const page = await fetched;
  if (page.kind !== 'page') throw new Error(`expected a page, not a redirect to ${page.location}`);
  return page;
}

/** The named failure of a fetch. @throws where it did not fail, or failed without a name. */
export async function failureOf(fetched: Promise<unknown>): Promise<RequestError> {
  let page: unknown;
  try {
    page = await fetched;
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error(`expected a failure, not ${JSON.stringify(page).slice(0, 200)}`);
}

export function htmlAnswer(body = '<p>ok</p>'): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
