import type { ParseContext } from '../scraper/definition.ts';
import { canonicalOf } from '../scraper/links.ts';
import { readableText } from '../scraper/page-text.ts';
import { feedsOf, imagesOf, jsonLdOf, linksOf, metaProperties, propertiesOf, titleOf } from './page-parts.ts';
import { pageLimits, PageSource, type PageFacts } from './page-source.ts';
import { clip, wordCount } from './words.ts';

type Context = Pick<ParseContext<string>, '$' | 'absolute'>;

/** Reads a page's own account of itself, within {@link pageLimits}. Pure: the same page gives the same facts. */
export function describePage({ $, absolute }: Context): PageFacts {
  const source = new PageSource($, absolute);
  const meta = metaProperties($);
  const root = $.root()[0];
  const text = root ? readableText(root) : '';
  const language = source.short($('html').attr('lang') ?? meta.get('content-language')?.[0], 'language');
  const facts: PageFacts = {
    ...present('title', source.short(titleOf($), 'title') ?? source.short(meta.get('og:title')?.[0], 'title')),
    ...present('description', source.short(meta.get('description')?.[0] ?? meta.get('og:description')?.[0], 'description')),
    ...present('canonical', canonicalOf($, absolute)),
    ...present('language', language),
    headings: source.list($('h1,h2,h3,h4,h5,h6'), 'headings', (h) => {
      const heading = source.short(readableText(h, pageLimits.chars + 1), 'headings');
      return heading === undefined ? undefined : { level: Number(h.name.slice(1)), text: heading };
    }),
    links: linksOf(source),
    images: imagesOf(source),
    jsonLd: jsonLdOf(source),
    openGraph: propertiesOf(source, meta, /^og:|^(?:article|book|music|profile|video):/, 'openGraph'),
    twitter: propertiesOf(source, meta, /^twitter:/, 'twitter'),
    feeds: feedsOf(source),
    words: wordCount(text, language),
    text: clip(text, pageLimits.text),
  };
  if (text.length > pageLimits.text) source.truncated.add('text');
  if (source.truncated.size > 0) facts.truncated = [...source.truncated];
  return facts;
}

function present<N extends string, V>(name: N, value: V | undefined): { [K in N]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [K in N]?: V };
}
