import { createFetcher } from '../../../functions/fetch/fetcher.ts';

const isLoaded = (): boolean => (process as unknown as { moduleLoadList: string[] }).moduleLoadList.includes('NativeModule http2');

/** Fetches a page of a server on this machine, and says whether Node's HTTP/2 was loaded before and after. */
export async function handler(url: string, ca: string): Promise<{ before: boolean; text: string; after: boolean }> {
  const before = isLoaded();
  const fetcher = createFetcher({
    userAgent: 'urldrop-test/1 (+https://example.org/contact)',
    allowedNetworks: '127.0.0.0/8',
    maxSockets: 1,
    ca,
  });
  const page = await fetcher.fetch({
    url,
    method: 'GET',
    headers: {},
    timeoutMs: 20_000,
    maxBytes: 1_000,
    accept: ['text/plain'],
    maxRedirects: 0,
    redirects: 0,
    isOwn: () => true,
  });
  await fetcher.close();
  return { before, text: page.kind === 'page' ? page.text() : '', after: isLoaded() };
}
