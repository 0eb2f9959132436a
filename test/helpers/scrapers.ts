import * as cheerio from 'cheerio/slim';
import { RequestError } from '../../functions/job/errors.ts';
import type { Request } from '../../functions/job/request.ts';
import type { PageYield, Scraper } from '../../functions/scraper/types.ts';

/** A scraper with defaults, so that a test names only what matters to it. */
export function scraper(
  more: Partial<Omit<Scraper, 'politeness' | 'request'>> & {
    politeness?: Partial<Scraper['politeness']>;
    request?: Partial<Scraper['request']>;
  } = {},
): Scraper {
  return {
    name: 'test',
    maxDepth: 10,
    firstPage: 'page',
    pageNames: ['page'],
    follows: true,
    enough: () => undefined,
    overlap: 'skip',
    incremental: false,
    rules: '',
    run: (_request, page) => Promise.resolve(titleAndLinks(page.text(), page.url, _request)),
    ...more,
    politeness: { concurrency: 4, delay: 0, robots: 'obey', groupBy: 'host', ...more.politeness },
    request: {
      timeout: 10_000,
      retries: 2,
      giveUpAfter: 86_400_000,
      maxBytes: 1_000_000,
      maxRedirects: 5,
      headers: {},
      cookies: 'ignore',
      accept: ['text/html'],
      ...more.request,
    },
  };
}

/** One item with the page's title; every link followed. A page titled "throw" makes the scraper throw. */
export function titleAndLinks(source: string, url: string, request: Request): PageYield {
  const $ = cheerio.load(source);
  const title = $('title').text();
  if (title === 'throw') throw new RequestError('parse', 'The page asked for it.');
  const follows = Array.from($('a[href]'), (a) => ({ url: new URL($(a).attr('href') ?? '', url).href, depth: (request.depth ?? 0) + 1 }));
  return { items: [{ title }], follows, dropped: {} };
}

/** A page of the test web. */
export function html(title: string, ...links: string[]): string {
  return `<!doctype html><title>${title}</title>${links.map((link) => `<a href="${link}">${link}</a>`).join('')}`;
}
