import type { Cheerio, CheerioAPI } from 'cheerio/slim';
import type { Json } from '../job/request.ts';
import { parseDate } from '../scraper/convert-date.ts';
import { collapse } from '../scraper/page-text.ts';
import type { AnyNode } from '../scraper/page-tree.ts';
import { clip } from './words.ts';

/** Bounds on one entry; a feed has at most 10,000. */
export const feedLimits = { entries: 10_000, chars: 1_000, content: 200_000, list: 100 } as const;

/** One entry of a feed; fields that it lacks are left out. */
export interface FeedEntry {
  /** What the feed calls itself. */
  feed?: string;
  id?: string;
  title?: string;
  url?: string;
  /** ISO 8601. */
  published?: string;
  updated?: string;
  authors?: string[];
  /** Text or HTML, as the feed has it. */
  summary?: string;
  content?: string;
  categories?: string[];
  enclosures?: { url: string; type?: string; bytes?: number }[];
}

type Absolute = (address: string) => string | undefined;

/** RSS 0.9x to 2.0, RDF (RSS 1.0) and Atom (RFC 4287), which differ in names only as far as readers care. */
export function* readXmlFeed($: CheerioAPI, absolute: Absolute): Generator<FeedEntry> {
  const feed = valueOf($('channel, feed').first(), ['title']);
  for (const element of $('item, entry').toArray().slice(0, feedLimits.entries)) {
    const entry = $(element);
    const url = linkOf($, entry, absolute);
    const published = dateOf(entry, ['pubDate', 'published', 'issued', 'dc\\:date']);
    const updated = dateOf(entry, ['updated', 'modified', 'atom\\:updated']);
    yield filled({
      feed,
      id: valueOf(entry, ['guid', 'id']) ?? entry.attr('rdf:about'),
      title: valueOf(entry, ['title']),
      url,
      published: published ?? updated,
      updated,
      authors: authorsOf($, entry),
      summary: textOf(entry, ['description', 'summary', 'itunes\\:summary']),
      content: textOf(entry, ['content\\:encoded', 'content']),
      categories: short(
        entry
          .children('category, dc\\:subject')
          .toArray()
          .map((c) => c.attribs['term'] ?? $(c).text()),
      ),
      enclosures: enclosuresOf(entry, absolute),
    });
  }
}

function valueOf(scope: Cheerio<AnyNode>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = collapse(scope.children(name).first().text());
    if (text !== '') return clip(text, feedLimits.chars);
  }
  return undefined;
}

/** HTML stands in a feed as text; Atom's xhtml form is markup and is written back. */
function textOf(entry: Cheerio<AnyNode>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const found = entry.children(name).first();
    const text = (found.attr('type') === 'xhtml' ? (found.html() ?? '') : found.text()).trim();
    if (text !== '') return clip(text, feedLimits.content);
  }
  return undefined;
}

function dateOf(entry: Cheerio<AnyNode>, names: readonly string[]): string | undefined {
  const text = valueOf(entry, names);
  return text === undefined ? undefined : parseDate(text);
}

/** Atom marks its links; RSS has the address as text, or in the guid. */
function linkOf($: CheerioAPI, entry: Cheerio<AnyNode>, absolute: Absolute): string | undefined {
  const links = entry.children('link').toArray();
  const atom = links.find((link) => link.attribs['href'] !== undefined && /^(alternate)?$/.test(link.attribs['rel'] ?? ''));
  const guid = entry.children('guid:not([isPermaLink="false"])').first().text().trim();
  const address =
    atom?.attribs['href'] ?? links.map((link) => $(link).text().trim()).find((text) => text !== '') ?? (/^https?:/i.test(guid) ? guid : '');
  return address === '' ? undefined : absolute(address);
}

function authorsOf($: CheerioAPI, entry: Cheerio<AnyNode>): string[] | undefined {
  const authors = entry.children('author, dc\\:creator, itunes\\:author').toArray();
  return short(authors.map((author) => $(author).children('name').first().text() || $(author).text()));
}

function enclosuresOf(entry: Cheerio<AnyNode>, absolute: Absolute): FeedEntry['enclosures'] {
  const found = entry.children('enclosure, media\\:content, link[rel="enclosure"]').toArray().slice(0, feedLimits.list);
  return found.flatMap(({ attribs }) => {
    const url = absolute(attribs['url'] ?? attribs['href'] ?? '');
    const bytes = Number.parseInt(attribs['length'] ?? attribs['fileSize'] ?? '', 10);
    const named = (attribs['url'] ?? attribs['href'] ?? '') !== '';
    return url === undefined || !named ? [] : [{ url, ...(attribs['type'] && { type: attribs['type'] }), ...(bytes > 0 && { bytes }) }];
  });
}

/** JSON Feed 1.0 and 1.1 (jsonfeed.org). Values of a wrong type are left out. */
export function* readJsonFeed(text: string, absolute: Absolute): Generator<FeedEntry> {
  const feed = objectOf(JSON.parse(text) as Json);
  for (const item of listOf(feed['items']).slice(0, feedLimits.entries)) {
    const entry = objectOf(item);
    const url = stringOf(entry['url']) ?? stringOf(entry['external_url']);
    const authors = [...listOf(entry['authors']), entry['author'] ?? null].map((author) => stringOf(objectOf(author)['name']) ?? '');
    const published = stringOf(entry['date_published']);
    const updated = stringOf(entry['date_modified']);
    yield filled({
      feed: stringOf(feed['title']),
      id: stringOf(entry['id']),
      title: stringOf(entry['title']),
      url: url === undefined ? undefined : absolute(url),
      published: published === undefined ? undefined : parseDate(published),
      updated: updated === undefined ? undefined : parseDate(updated),
      authors: short(authors),
      summary: stringOf(entry['summary']),
      content: stringOf(entry['content_html'], feedLimits.content) ?? stringOf(entry['content_text'], feedLimits.content),
      categories: short(listOf(entry['tags']).map((tag) => stringOf(tag) ?? '')),
      enclosures: listOf(entry['attachments'])
        .slice(0, feedLimits.list)
        .flatMap((one) => {
          const attachment = objectOf(one);
          const address = absolute(stringOf(attachment['url']) ?? 'about:blank');
          const type = stringOf(attachment['mime_type']);
          const bytes = attachment['size_in_bytes'];
          return address === undefined
            ? []
            : [{ url: address, ...(type !== undefined && { type }), ...(typeof bytes === 'number' && { bytes }) }];
        }),
    });
  }
}

function objectOf(value: Json | undefined): { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function stringOf(value: Json | undefined, maxChars: number = feedLimits.chars): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text.trim() !== '' ? clip(text.trim(), maxChars) : undefined;
}

function short(texts: readonly string[]): string[] {
  const clean = new Set(texts.slice(0, feedLimits.list).map((text) => clip(collapse(text), feedLimits.chars)));
  return [...clean].filter((text) => text !== '');
}

/** Without the fields that have nothing in them. */
function filled(entry: { readonly [N in keyof FeedEntry]: FeedEntry[N] | undefined }): FeedEntry {
  return Object.fromEntries(
    Object.entries(entry).filter(([, value]) => value !== undefined && (!Array.isArray(value) || value.length > 0)),
  );
}
