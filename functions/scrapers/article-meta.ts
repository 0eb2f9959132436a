import type { CheerioAPI } from 'cheerio/slim';
import type { Json } from '../job/request.ts';
import { parseDate } from '../scraper/convert-date.ts';
import { collapse } from '../scraper/page-text.ts';
import { metaProperties, jsonLdOf } from './page-parts.ts';
import { PageSource } from './page-source.ts';
import { clip } from './words.ts';

/** What a page says about its article where Readability does not look. */
export interface ArticleMeta {
  readonly byline?: string | undefined;
  readonly published?: string | undefined;
  readonly modified?: string | undefined;
  readonly image?: string | undefined;
  readonly language?: string | undefined;
}

type JsonObject = { readonly [name: string]: Json };

const PUBLISHED = [
  'article:published_time',
  'datepublished',
  'date',
  'dc.date',
  'dc.date.issued',
  'dcterms.issued',
  'dcterms.created',
  'pubdate',
];
const MODIFIED = ['article:modified_time', 'og:updated_time', 'datemodified', 'dcterms.modified', 'last-modified'];
/** Types of schema.org that are an article or one of its kinds. */
const ARTICLE_TYPE = /Article$|Posting$|Report$|Review$/;
/** Objects of linked data looked at. */
const MAX_OBJECTS = 10_000;

/** Must be asked before scripts are taken out of the tree: linked data stands in them. */
export function articleMeta($: CheerioAPI, absolute: (address: string) => string | undefined): ArticleMeta {
  const meta = metaProperties($);
  const first = (names: readonly string[]) => names.map((name) => meta.get(name)?.[0]);
  const data = linkedArticle(jsonLdOf(new PageSource($, absolute)));
  const times = $('time[itemprop="datePublished"],time[pubdate],article time,time').slice(0, 20);
  const shown = times.toArray().map((time) => time.attribs['datetime'] ?? $(time).text());
  const author = collapse($('[rel="author"],[itemprop="author"]').first().text());
  const images = [
    ...imagesIn(data['image']),
    ...first(['og:image:secure_url', 'og:image', 'og:image:url', 'twitter:image', 'twitter:image:src', 'image']),
  ];
  return {
    byline: author === '' ? undefined : clip(author, 200),
    published: dateFrom([text(data['datePublished']), ...first(PUBLISHED), ...shown]),
    modified: dateFrom([text(data['dateModified']), ...first(MODIFIED)]),
    image: images.map((address) => (address ? absolute(address) : undefined)).find((url) => url !== undefined),
    language: text($('html').attr('lang')) ?? text(data['inLanguage']) ?? first(['content-language', 'og:locale'])[0]?.replace('_', '-'),
  };
}

/** The first of some texts that is a date, as ISO 8601; texts that can be read in two ways are none. */
export function dateFrom(texts: readonly (string | undefined)[]): string | undefined {
  for (const one of texts) {
    const date = one === undefined ? undefined : parseDate(one);
    if (date !== undefined) return date;
  }
  return undefined;
}

/** The first article in a page's linked data, wherever it stands in it; empty where there is none. */
function linkedArticle(blocks: readonly Json[]): JsonObject {
  const queue: Json[] = [...blocks];
  for (let i = 0; i < queue.length && i < MAX_OBJECTS; i++) {
    const value = queue[i];
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) queue.push(...value.slice(0, MAX_OBJECTS));
    else {
      const object: JsonObject = value;
      if ([object['@type']].flat().some((type) => typeof type === 'string' && ARTICLE_TYPE.test(type))) return object;
      queue.push(object['@graph'] ?? null, object['mainEntity'] ?? null, object['mainEntityOfPage'] ?? null);
    }
  }
  return {};
}

/** schema.org has images as an address, an ImageObject, or a list of either. */
function imagesIn(value: Json | undefined): (string | undefined)[] {
  const list = Array.isArray(value) ? value.slice(0, 10) : [value];
  return list.map((one) => (typeof one === 'object' && one !== null && !Array.isArray(one) ? text(one['url']) : text(one)));
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value.trim() !== '' && value.length <= 2_000 ? value.trim() : undefined;
}
