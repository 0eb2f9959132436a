import type { Readability } from '@mozilla/readability';
import type { ParseContext } from '../scraper/definition.ts';
import { RequestError } from '../job/errors.ts';
import { canonicalOf } from '../scraper/links.ts';
import { collapse, readableText } from '../scraper/page-text.ts';
import { TEXT_NODE } from '../scraper/page-tree.ts';
import { articleMeta, dateFrom } from './article-meta.ts';
import type { DomElement } from './reader-dom.ts';
import { domOf } from './reader-markup.ts';
import { clip, wordCount } from './words.ts';

/** What `article` keeps of one page at most, in characters. Reaching a limit is noted in the item: `truncated: ["text"]`. */
export const articleLimits = { text: 200_000, markdown: 300_000, chars: 1_000 } as const;

/** An article. Fields without a value are left out. */
export interface Article {
  title?: string;
  /** Who wrote it, as the page has it. */
  byline?: string;
  /** ISO 8601, as {@link dateFrom} gives it. */
  published?: string;
  modified?: string;
  /** Absolute: the page's own choice, else the first in the article. */
  image?: string;
  siteName?: string;
  /** BCP 47, as the page gives it. */
  language?: string;
  excerpt?: string;
  /** What the page calls its own address. */
  canonical?: string;
  words: number;
  /** What a reader sees of the article. */
  text: string;
  /** The same with its headings, lists, links, tables and images; addresses absolute. CommonMark, tables as in GitHub's. */
  markdown: string;
  truncated?: ('text' | 'markdown')[];
}

type Context = Pick<ParseContext<string>, '$' | 'absolute' | 'load'>;

/** What `article-libraries.ts` exports. */
interface Libraries {
  readonly Readability: typeof Readability;
  readonly toMarkdown: (root: DomElement) => string;
}

/** Holds no text that is part of an article, and nothing that Readability goes by. */
const USELESS =
  'script:not([type="application/ld+json"]),style,template,iframe,object,embed,svg,canvas,dialog,select,xmp,noembed,noframes,plaintext';

/**
 * Finds the article of a page by Mozilla's Readability.
 *
 * The page's own tree comes first, whose limits hold while it is built; what is left of it makes the DOM that Readability works on. Scripts
 * are never run. The work grows with the square of a page's nesting: the caller bounds its time.
 *
 * @throws {RequestError} `too-complex`; `invalid-item` where there is no text to read.
 * @see https://github.com/mozilla/readability
 */
export function readArticle({ $, absolute, load }: Context, { Readability, toMarkdown }: Libraries): Article {
  const meta = articleMeta($, absolute);
  const canonical = canonicalOf($, absolute);
  const found = findArticle($, Readability);
  const { content } = found ?? {};
  if (!found || !content) throw nothingToRead();
  const firstImage = makeAbsolute(content, absolute);
  const tree = load(content.innerHTML).root()[0];
  const text = tree ? readableText(tree) : '';
  if (text === '') throw nothingToRead();
  const markdown = toMarkdown(content);
  const language = short(found.lang) ?? meta.language;
  const truncated = [
    ...(text.length > articleLimits.text ? ['text' as const] : []),
    ...(markdown.length > articleLimits.markdown ? ['markdown' as const] : []),
  ];
  return {
    ...present('title', short(found.title)),
    ...present('byline', short(found.byline) ?? meta.byline),
    ...present('published', dateFrom([found.publishedTime ?? undefined]) ?? meta.published),
    ...present('modified', meta.modified),
    ...present('image', meta.image ?? firstImage),
    ...present('siteName', short(found.siteName)),
    ...present('language', language),
    ...present('excerpt', short(found.excerpt)),
    ...present('canonical', canonical),
    words: wordCount(text, language),
    text: clip(text, articleLimits.text),
    markdown: clip(markdown, articleLimits.markdown),
    ...(truncated.length > 0 && { truncated }),
  };
}

function findArticle($: Context['$'], Reader: Libraries['Readability']): ReturnType<Readability<DomElement>['parse']> {
  $(USELESS).remove();
  dropSiteName($);
  // The only text that is written without its escapes: it could come back as any number of elements.
  $('noscript')
    .contents()
    .filter((_, node) => node.nodeType === TEXT_NODE)
    .remove();
  const root = $.root()[0];
  return root ? new Reader<DomElement>(domOf(root), { serializer: asIs, keepClasses: true }).parse() : null;
}

/** Readability's own result is a text; Markdown is made of nodes. */
const asIs = (node: unknown): DomElement => node as DomElement;

/** Shortens `<title>` to the heading that it begins with: Readability keeps "Tides - The Quay Herald" whole, for fear of losing a short title. */
function dropSiteName($: Context['$']): void {
  const title = $('head > title').first();
  const whole = collapse(title.text());
  for (const heading of $('h1').slice(0, 5).toArray()) {
    const text = readableText(heading, articleLimits.chars);
    if (text !== '' && whole.startsWith(text) && /^ [-–—|·•»:/] \S/.test(whole.slice(text.length))) {
      title.text(text);
      return;
    }
  }
}

/** Makes the addresses of links and images absolute, and drops those that are none. @returns the first image. */
function makeAbsolute(content: DomElement, absolute: Context['absolute']): string | undefined {
  let first: string | undefined;
  for (const link of content.getElementsByTagName('a')) {
    if (!link.hasAttribute('href')) continue;
    const url = absolute(link.getAttribute('href') ?? '');
    if (url === undefined) link.removeAttribute('href');
    else link.setAttribute('href', url);
  }
  for (const image of content.getElementsByTagName('img')) {
    const url = absolute(image.getAttribute('src') ?? image.getAttribute('srcset')?.trim().split(/[\s,]/, 1)[0] ?? '');
    if (url === undefined) image.remove();
    else image.setAttribute('src', url);
    first ??= url;
  }
  return first;
}

function nothingToRead(): RequestError {
  return new RequestError(
    'invalid-item',
    'The page has no text that could be an article. For pages of other kinds there is the scraper "page".',
  );
}

function short(text: string | null | undefined): string | undefined {
  const clean = clip(collapse(text ?? ''), articleLimits.chars);
  return clean === '' ? undefined : clean;
}

function present<N extends string, V>(name: N, value: V | undefined): { [K in N]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [K in N]?: V };
}
