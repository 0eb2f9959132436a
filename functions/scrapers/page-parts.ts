import type { CheerioAPI } from 'cheerio/slim';
import type { Json } from '../job/request.ts';
import { readableText } from '../scraper/page-text.ts';
import type { ElementNode } from '../scraper/page-tree.ts';
import { pageLimits, type PageFacts, type PageLink, type PageSource } from './page-source.ts';

/** Values of `<meta>` by property, name or http-equiv, in lower case; each in document order. */
export type MetaProperties = ReadonlyMap<string, readonly string[]>;

export function metaProperties($: CheerioAPI): MetaProperties {
  const found = new Map<string, string[]>();
  for (const { attribs } of $('meta[content]')) {
    const name = (attribs['property'] ?? attribs['name'] ?? attribs['itemprop'] ?? attribs['http-equiv'])?.trim().toLowerCase();
    const content = attribs['content']?.trim();
    if (!name || !content) continue;
    const values = found.get(name);
    if (values) values.push(content);
    else found.set(name, [content]);
  }
  return found;
}

/** The document's title: drawings have titles too. */
export function titleOf($: CheerioAPI): string | undefined {
  const title = $('title:not(svg title)').first();
  return title.length === 0 ? undefined : title.text();
}

/** Links to http(s) addresses, each once: the first text that is not empty, the alternative text of an image where there is none. */
export function linksOf(source: PageSource): PageLink[] {
  const byUrl = new Map<string, PageLink>();
  return source.list(source.$('a[href],area[href]'), 'links', (a) => {
    const url = source.absolute(a.attribs['href'] ?? '');
    if (url === undefined) return undefined;
    const known = byUrl.get(url);
    if (known && known.text !== '') return undefined;
    const text = source.short(readableText(a, pageLimits.chars + 1), 'links') ?? source.short(altOf(source, a), 'links') ?? '';
    if (known) {
      known.text = text;
      return undefined;
    }
    const rel = source.short(a.attribs['rel'], 'links');
    const link: PageLink = { url, text, ...(rel !== undefined && { rel }) };
    byUrl.set(url, link);
    return link;
  });
}

function altOf({ $ }: PageSource, a: ElementNode): string | undefined {
  return a.attribs['aria-label'] ?? a.attribs['title'] ?? a.attribs['alt'] ?? $(a).find('img[alt]').first().attr('alt');
}

/** Images with an http(s) address, each once; those that load late name it elsewhere than in `src`. */
export function imagesOf(source: PageSource): PageFacts['images'] {
  const seen = new Set<string>();
  return source.list(source.$('img'), 'images', ({ attribs }) => {
    const candidates = [attribs['src'], attribs['data-src'], attribs['data-original'], attribs['srcset']?.trim().split(/[\s,]/, 1)[0]];
    for (const candidate of candidates) {
      const url = candidate ? source.absolute(candidate) : undefined;
      if (url === undefined) continue;
      if (seen.has(url)) return undefined;
      seen.add(url);
      const alt = source.short(attribs['alt'], 'images');
      return { url, ...(alt !== undefined && { alt }) };
    }
    return undefined;
  });
}

/** Open Graph and Twitter cards: prefix `og:` and `twitter:` left out, a property that repeats as a list. */
export function propertiesOf(
  source: PageSource,
  meta: MetaProperties,
  pattern: RegExp,
  field: 'openGraph' | 'twitter',
): Record<string, string | string[]> {
  const names = [...meta.keys()].filter((name) => pattern.test(name));
  if (names.length > pageLimits.properties) source.truncated.add(field);
  // fromEntries defines properties, so a page cannot reach a prototype by a name.
  return Object.fromEntries(
    names.slice(0, pageLimits.properties).map((name): [string, string | string[]] => {
      const all = meta.get(name) ?? [];
      if (all.length > pageLimits.properties) source.truncated.add(field);
      const values = all.slice(0, pageLimits.properties).map((value) => source.short(value, field) ?? '');
      return [name.replace(/^(og|twitter):/, ''), values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

const FEED_TYPES = /^application\/(rss\+xml|atom\+xml|feed\+json|rdf\+xml)$/i;

export function feedsOf(source: PageSource): PageFacts['feeds'] {
  return source.list(source.$('link[rel~="alternate" i][href]'), 'feeds', ({ attribs }) => {
    const type = attribs['type']?.trim().toLowerCase() ?? '';
    const url = FEED_TYPES.test(type) ? source.absolute(attribs['href'] ?? '') : undefined;
    const title = source.short(attribs['title'], 'feeds');
    return url === undefined ? undefined : { url, ...(title !== undefined && { title }), type };
  });
}

/** Nesting beyond this is no description of a page; JSON.stringify would overflow the stack somewhere above 3,000. */
const MAX_JSON_NESTING = 100;

/** Linked data that parses; a block that does not is left out, as search engines do. */
export function jsonLdOf(source: PageSource): Json[] {
  let chars = 0;
  return source.list(source.$('script[type="application/ld+json" i]'), 'jsonLd', (script) => {
    const text = source.$(script).text();
    chars += text.length;
    if (chars > pageLimits.jsonLdChars) {
      source.truncated.add('jsonLd');
      return undefined;
    }
    const value = parseLoosely(text);
    return value === undefined || nests(value, MAX_JSON_NESTING) ? undefined : value;
  });
}

/** JSON, with what pages commonly wrap around it (comments, CDATA) and put into its strings (raw line ends). */
function parseLoosely(text: string): Json | undefined {
  const bare = text
    .trim()
    .replace(/^(?:<!--|\/\/\s*<!\[CDATA\[|<!\[CDATA\[)/, '')
    .replace(/(?:-->|\/\/\s*\]\]>|\]\]>)$/, '');
  for (const candidate of [bare, bare.replaceAll(/\p{Cc}+/gu, ' ')]) {
    try {
      return JSON.parse(candidate) as Json;
    } catch {
      // Tried again without control characters, then left out.
    }
  }
  return undefined;
}

function nests(value: Json, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((inner) => nests(inner, depth - 1));
}
