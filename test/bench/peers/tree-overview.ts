import type { CheerioAPI } from 'cheerio/slim';
import type { Overview } from '../harness/overview.ts';

export const FIRST_LINKS = 20;

/** The fields of an overview from cheerio's tree. */
export function overviewOf($: CheerioAPI, url: string): Omit<Overview, 'url' | 'status'> {
  const links = $('a[href]');
  return {
    title: collapse($('title').first().text()),
    h1: collapse($('h1').first().text()),
    description: $('meta[name="description"]').first().attr('content') ?? '',
    links: links.length,
    first: links
      .slice(0, FIRST_LINKS)
      .toArray()
      .map((a) => absolute($(a).attr('href') ?? '', url)),
  };
}

export function absolute(href: string, base: string): string {
  return URL.parse(href, base)?.href ?? href;
}

export function collapse(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
