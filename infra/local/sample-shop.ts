import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bookPage, homePage, listPage, notFoundPage, stylesheet, coverImage } from './sample-shop-pages.ts';
import { books, PAGE_COUNT } from './sample-shop-books.ts';

/** One request that the shop answered, in order of arrival. */
export interface ShopRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly userAgent: string;
}

export interface SampleShop {
  /** http://127.0.0.1:port, without a slash at the end. */
  readonly url: string;
  readonly log: readonly ShopRequest[];
  close(): Promise<void>;
}

/**
 * Serves the sample shop on loopback: a bookshop with 12 list pages of 20 books each, a page for every book that leads to three
 * related ones, robots.txt, and covers. The same content on every run.
 *
 * @param options.port - 0 or absent: a free one.
 */
export async function startShop(options: { port?: number } = {}): Promise<SampleShop> {
  const log: ShopRequest[] = [];
  const server = createServer((request, response) => {
    const status = answer(request, response);
    log.push({ method: request.method ?? '', path: request.url ?? '', status, userAgent: request.headers['user-agent'] ?? '' });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse): number {
  const page = route(new URL(request.url ?? '/', 'http://shop').pathname);
  const body = Buffer.from(page.body);
  response.writeHead(page.status, { 'content-type': page.type, 'content-length': body.length, 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : body);
  return page.status;
}

const HTML = 'text/html; charset=utf-8';

function route(path: string): { status: number; type: string; body: string } {
  if (path === '/') return { status: 200, type: HTML, body: homePage() };
  if (path === '/robots.txt') return { status: 200, type: 'text/plain; charset=utf-8', body: 'User-agent: *\nDisallow: /basket/\n' };
  if (path === '/shop.css') return { status: 200, type: 'text/css; charset=utf-8', body: stylesheet };
  const list = /^\/books\/page-(\d{1,3})\.html$/.exec(path);
  const listNumber = Number(list?.[1] ?? 0);
  if (list && listNumber >= 1 && listNumber <= PAGE_COUNT) return { status: 200, type: HTML, body: listPage(listNumber) };
  const book = books.find((b) => path === b.path || path === b.coverPath);
  if (book && path === book.path) return { status: 200, type: HTML, body: bookPage(book) };
  if (book) return { status: 200, type: 'image/svg+xml', body: coverImage(book) };
  return { status: 404, type: HTML, body: notFoundPage() };
}
