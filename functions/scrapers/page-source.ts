import type { CheerioAPI } from 'cheerio/slim';
import type { Json } from '../job/request.ts';
import { collapse } from '../scraper/page-text.ts';
import type { ElementNode } from '../scraper/page-tree.ts';
import { clip } from './words.ts';

/** What `page` keeps of one page at most. Reaching a limit is noted in the item: `truncated: ["links"]`. */
export const pageLimits = {
  /** Characters of the visible text. */
  text: 100_000,
  /** Characters of any other text: a heading, a link, a description. */
  chars: 1_000,
  headings: 200,
  links: 2_000,
  images: 500,
  feeds: 50,
  /** Open Graph and Twitter properties each. */
  properties: 100,
  /** JSON-LD blocks, and the characters of all of them together. */
  jsonLd: 50,
  jsonLdChars: 200_000,
} as const;

export interface PageLink {
  /** Absolute, in normal form. */
  url: string;
  text: string;
  /** As the link has it: `nofollow`, `next`, `author` …; absent without one. */
  rel?: string;
}

/** What any page says about itself. Fields without a value are left out, lists and objects are empty. */
export interface PageFacts {
  title?: string;
  description?: string;
  /** Absolute. */
  canonical?: string;
  /** BCP 47, as the page gives it. */
  language?: string;
  headings: { level: number; text: string }[];
  /** http(s) links in order, each address once with its first text. */
  links: PageLink[];
  images: { url: string; alt?: string }[];
  /** schema.org data and the like, parsed. */
  jsonLd: Json[];
  openGraph: Record<string, string | string[]>;
  twitter: Record<string, string | string[]>;
  feeds: { url: string; title?: string; type: string }[];
  /** Words of the whole visible text, by the rules of Unicode for the page's language. */
  words: number;
  /** What a reader sees. */
  text: string;
  /** Which of the above a limit cut short; absent where none did. */
  truncated?: (keyof PageFacts)[];
}

/** A page with the limits on what is taken from it. */
export class PageSource {
  readonly $: CheerioAPI;
  readonly absolute: (address: string) => string | undefined;
  /** Fields that a limit cut short. */
  readonly truncated = new Set<keyof PageFacts>();

  constructor($: CheerioAPI, absolute: (address: string) => string | undefined) {
    this.$ = $;
    this.absolute = absolute;
  }

  /** Cleaned text of at most {@link pageLimits.chars}; undefined where nothing is left. */
  short(text: string | undefined, field: keyof PageFacts): string | undefined {
    if (text === undefined) return undefined;
    const clean = collapse(text);
    if (clean.length > pageLimits.chars) this.truncated.add(field);
    return clean === '' ? undefined : clip(clean, pageLimits.chars);
  }

  /** Up to the field's limit of what `read` makes of the elements; what it leaves out does not count. */
  list<T>(
    elements: Iterable<ElementNode>,
    field: 'headings' | 'links' | 'images' | 'feeds' | 'jsonLd',
    read: (element: ElementNode) => T | undefined,
  ): T[] {
    const values: T[] = [];
    for (const element of elements) {
      const value = read(element);
      if (value === undefined) continue;
      if (values.length === pageLimits[field]) {
        this.truncated.add(field);
        break;
      }
      values.push(value);
    }
    return values;
  }
}
