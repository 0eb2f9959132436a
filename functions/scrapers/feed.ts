import { defineScraper } from '../scraper/define-scraper.ts';
import { readJsonFeed, readXmlFeed } from './feed-entries.ts';

/** The entries of a feed, one item each: RSS, Atom, RDF or JSON Feed. Of an ordinary page the feeds that it announces are followed. */
export default defineScraper({
  name: 'feed',
  request: {
    accept: [
      'application/rss+xml',
      'application/atom+xml',
      'application/rdf+xml',
      'application/feed+json',
      'application/json',
      'application/xml',
      'text/xml',
      'text/html',
      'application/xhtml+xml',
      'text/plain',
    ],
  },
  // Feeds are often kept by another host.
  follow: { within: 'any', maxDepth: 1 },
  pages: {
    feed: {
      *parse({ text, load, $, follow, absolute }) {
        const start = text().slice(0, 2_000).trimStart();
        if (start.startsWith('{')) yield* readJsonFeed(text(), absolute);
        // By what it is, not by its type: feeds are served as anything from text/html to text/plain.
        else if (/<(rss|feed|rdf:RDF)[\s>]/i.test(start)) yield* readXmlFeed(load(text(), { xml: true }), absolute);
        else yield follow($('link[rel~="alternate" i]').filter((_, link) => FEED_TYPE.test(link.attribs['type'] ?? '')));
      },
    },
  },
});

const FEED_TYPE = /^\s*application\/(rss\+xml|atom\+xml|rdf\+xml|feed\+json)/i;
