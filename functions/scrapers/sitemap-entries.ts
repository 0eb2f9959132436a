import { Parser } from 'htmlparser2';
import { gunzipSync } from 'node:zlib';
import { parseDate } from '../scraper/convert-date.ts';

/** One URL that a site lists. */
export interface SitemapEntry {
  url: string;
  /** ISO 8601; as the site gives it where it is no date. */
  lastModified?: string;
  changeFrequency?: string;
  /** 0 to 1. */
  priority?: number;
}

/** sitemaps.org: 50,000 entries and 50 MiB, uncompressed. Twice that is read before the rest is left. */
const MAX_ENTRIES = 100_000;
const MAX_BYTES = 52_428_800;
/** Characters of one value: URLs are to be shorter than 2,048. */
const MAX_VALUE_CHARS = 8_192;

/** The sitemaps that a robots.txt names (RFC 9309, section 2.2.4 leaves the line to sitemaps.org). */
export function robotsSitemaps(robots: string): string[] {
  return Array.from(robots.slice(0, 500_000).matchAll(/^[ \t]*sitemap[ \t]*:[ \t]*(\S+)/gim), (match) => match[1] ?? '').slice(0, 1_000);
}

/**
 * A sitemap's text, unpacked where the file itself is gzip (`sitemap.xml.gz`), which is no transfer coding.
 *
 * @throws {Error} for a broken or oversized gzip file.
 */
export function sitemapText(body: Buffer, text: () => string): string {
  return body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body, { maxOutputLength: MAX_BYTES }).toString('utf8') : text();
}

/**
 * Reads a sitemap or a sitemap index (sitemaps.org), or a plain list of URLs. Forgiving: what is no http(s) URL is left out.
 * Reads the tags as they come, without a tree: a full sitemap would be half a million nodes.
 */
export function readSitemap(
  text: string,
  absolute: (address: string) => string | undefined,
): { entries: SitemapEntry[]; sitemaps: string[] } {
  const entries: SitemapEntry[] = [];
  const sitemaps: string[] = [];
  if (!/^\s*</.test(text.slice(0, 1_000).replace('\ufeff', ''))) return { entries: plainList(text, absolute), sitemaps };
  let values: Record<string, string> | undefined;
  let field: string | undefined;
  let prefix = '';
  const parser = new Parser(
    {
      onopentagname(tag) {
        const name = local(tag);
        if (name === 'url' || name === 'sitemap') {
          values = {};
          prefix = tag.slice(0, -name.length);
        } else {
          // Only the protocol's own elements, of one prefix with their entry: image:loc is another address.
          field = values && tag === prefix + name ? name : undefined;
        }
      },
      ontext(chunk) {
        if (!values || field === undefined) return;
        const before = values[field] ?? '';
        if (before.length + chunk.length <= MAX_VALUE_CHARS) values[field] = before + chunk;
      },
      onclosetag(tag) {
        field = undefined;
        const name = local(tag);
        if ((name !== 'url' && name !== 'sitemap') || !values) return;
        const loc = values['loc']?.trim();
        const url = loc ? absolute(loc) : undefined;
        if (url !== undefined && entries.length + sitemaps.length < MAX_ENTRIES) {
          if (name === 'sitemap') sitemaps.push(url);
          else entries.push(entryOf(url, values));
        }
        values = undefined;
      },
    },
    { xmlMode: true },
  );
  parser.end(text);
  return { entries, sitemaps };
}

function entryOf(url: string, values: Readonly<Record<string, string>>): SitemapEntry {
  const lastModified = values['lastmod']?.trim();
  const changeFrequency = values['changefreq']?.trim();
  const priority = Number.parseFloat(values['priority'] ?? '');
  return {
    url,
    ...(lastModified && { lastModified: parseDate(lastModified) ?? lastModified.slice(0, 100) }),
    ...(changeFrequency && { changeFrequency: changeFrequency.slice(0, 100) }),
    ...(!Number.isNaN(priority) && { priority }),
  };
}

function plainList(text: string, absolute: (address: string) => string | undefined): SitemapEntry[] {
  const urls = text.split('\n', MAX_ENTRIES).filter((line) => /^\s*https?:\/\//i.test(line));
  return urls.flatMap((line) => absolute(line.trim()) ?? []).map((url) => ({ url }));
}

/** A name without its prefix. */
function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
