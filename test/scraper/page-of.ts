import type { FetchedPage } from '../../functions/fetch/types.ts';

/** A page as the fetcher would hand it over; a test names only what matters to it. */
export function pageOf(body: string | Buffer, more: Partial<Omit<FetchedPage, 'body' | 'text'>> = {}): FetchedPage {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return {
    kind: 'page',
    url: 'https://shop.example/list/1',
    status: 200,
    headers: {},
    body: bytes,
    contentType: 'text/html',
    charset: 'UTF-8',
    text: () => bytes.toString('utf8'),
    provenance: { fetchedAt: '2026-01-01T00:00:00.000Z', status: 200, wireBytes: bytes.length, decodedBytes: bytes.length },
    ...more,
  };
}
