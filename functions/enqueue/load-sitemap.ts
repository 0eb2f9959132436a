import { setTimeout as sleep } from 'node:timers/promises';
import type { Fetcher } from '../fetch/types.ts';
import { RequestError } from '../job/errors.ts';
import type { LoadSitemap } from './inputs.ts';

/** What a sitemap may have, unpacked (sitemaps.org). */
const MAX_BYTES = 52_428_800;
const TIMEOUT_MS = 60_000;
const TRIES = 3;

/** Fetches sitemaps with the same care as pages: guarded addresses, limits, redirects. Packed ones stay packed. */
export function sitemapLoader(open: () => Promise<Fetcher>): LoadSitemap {
  return async (url) => {
    const fetcher = await open();
    for (let tries = 1; ; tries++) {
      try {
        const page = await fetcher.fetch({
          url,
          method: 'GET',
          headers: {},
          timeoutMs: TIMEOUT_MS,
          maxBytes: MAX_BYTES,
          accept: ['*'],
          maxRedirects: 5,
          redirects: 0,
          isOwn: () => true,
        });
        if (page.kind === 'page') return page.body;
        throw new RequestError('bad-redirect', `GET ${url} was redirected to ${page.location}`);
      } catch (error) {
        if (!(error instanceof RequestError) || error.next === 'never' || tries >= TRIES) throw error;
        await sleep(500 * 2 ** tries);
      }
    }
  };
}
