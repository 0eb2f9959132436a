import { defineScraper } from '../scraper/define-scraper.ts';
import type { ParseContext } from '../scraper/definition.ts';
import { readSitemap, robotsSitemaps, sitemapText } from './sitemap-entries.ts';

type Pages = 'site' | 'robots' | 'sitemap';

/**
 * All URLs that a site lists of itself: give it any page, a robots.txt or a sitemap. It asks robots.txt for sitemaps, tries `/sitemap.xml`
 * besides, goes through indexes, and gives one item for each URL.
 */
export default defineScraper({
  name: 'sitemap',
  request: {
    // The protocol's own limit on one sitemap, uncompressed (sitemaps.org).
    maxBytes: 52_428_800,
    accept: [
      'text/html',
      'application/xhtml+xml',
      'text/xml',
      'application/xml',
      'text/plain',
      'application/gzip',
      'application/x-gzip',
      'application/octet-stream',
      'binary/octet-stream',
    ],
  },
  // A sitemap may lie on another host if robots.txt says so; the pages it lists are not followed.
  follow: { within: 'any', maxDepth: 5 },
  limits: { parseTime: 30_000 },
  pages: {
    site: {
      *parse(context: ParseContext<Pages>) {
        const { response, follow } = context;
        if (new URL(response.url).pathname === '/robots.txt') yield* fromRobots(context);
        else if (isSitemap(context)) yield* fromSitemap(context);
        else yield* [follow('/robots.txt', 'robots'), follow('/sitemap.xml', 'sitemap')];
      },
    },
    robots: {
      *parse(context: ParseContext<Pages>) {
        yield* fromRobots(context);
      },
    },
    sitemap: {
      *parse(context: ParseContext<Pages>) {
        yield* fromSitemap(context);
      },
    },
  },
});

function* fromRobots({ text, follow }: ParseContext<Pages>) {
  yield follow(robotsSitemaps(text()), 'sitemap');
}

function* fromSitemap({ body, text, absolute, follow, response, log }: ParseContext<Pages>) {
  const { entries, sitemaps } = readSitemap(sitemapText(body, text), absolute);
  if (entries.length === 0 && sitemaps.length === 0) log('A sitemap without entries.', { url: response.url });
  yield* entries;
  yield follow(sitemaps, 'sitemap');
}

function isSitemap({ response, body, text }: ParseContext<Pages>): boolean {
  return !response.contentType.endsWith('html') && /<(urlset|sitemapindex)[\s>]/.test(sitemapText(body, text).slice(0, 5_000));
}
