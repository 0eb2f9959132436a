import type { CheerioAPI } from 'cheerio/slim';
import type { FetchedPage } from '../fetch/types.ts';
import type { Json, Request } from '../job/request.ts';
import type { FieldMap, ItemFrom } from './extract-types.ts';
import type { DownloadMore, DownloadTarget, FileReference } from './downloads.ts';
import type { Follow, FollowMore, FollowTarget } from './links.ts';
import type { Selection } from './page-tree.ts';
import type { OptionInput } from './scraper-options.ts';
import type { StandardSchema } from './standard-schema.ts';
import type { ParserName } from './page-tree.ts';
import type { StartUrls } from '../urls/start.ts';
import type { Scraper } from './types.ts';

/** What a page came as. */
export type PageResponse = Pick<FetchedPage, 'url' | 'status' | 'headers' | 'contentType' | 'charset'>;

/** What `parse` works with. Everything can be taken out by name: `*parse({ $, follow })`. */
export interface ParseContext<Names extends string> {
  /** The page's tree, built when first asked for; XML's rules for XML types. */
  readonly $: CheerioAPI;
  readonly request: Request;
  readonly response: PageResponse;
  readonly body: Buffer;
  /** The body as text in the page's own charset. */
  readonly text: () => string;
  /** The body as JSON, of the type that the scraper expects: nothing checks it but a schema. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- a cast at the one place that knows the API
  readonly json: <T = Json>() => T;
  /** Builds another tree within the page's limits: of HTML inside of JSON, or of a feed that comes under a wrong type. */
  readonly load: (markup: string, options?: { readonly xml?: boolean }) => CheerioAPI;
  /** Applies a map of fields to the page, or to a part of it. */
  readonly extract: <const M extends FieldMap>(map: M, scope?: Selection) => ItemFrom<M>;
  /** Makes requests to yield. Absent page name: the page type at work. Nothing to follow is no fault. */
  readonly follow: FollowFunction<Names>;
  /**
   * Has a file stored under `files/` in the bucket and gives what the item should hold of it. Yielding it by itself is allowed and
   * changes nothing. undefined where there is no address.
   */
  readonly download: (target: DownloadTarget, more?: DownloadMore) => FileReference | undefined;
  /** What the page calls its own address (`<link rel=canonical>`), absolute. */
  readonly canonical: () => string | undefined;
  /** The absolute http(s) URL of an address in the page; undefined for anything else. */
  readonly absolute: (address: string) => string | undefined;
  /**
   * Runs work that an `await` came before within what is left of the page's time: an endless loop in it ends as a `parse` error. Without,
   * only the work up to the first `await` of each step is watched.
   */
  readonly inTime: <T>(work: () => T) => T;
  /** Notes something in the function's log. */
  readonly log: (message: string, facts?: Readonly<Record<string, Json>>) => void;
}

export interface FollowFunction<Names extends string> {
  (target: FollowTarget, page?: Names, more?: FollowMore): Follow;
  /** Follows whatever matches a selector. */
  readonly all: (selector: string, page?: Names, more?: FollowMore) => Follow;
  /** Follows the link to the next page of a list: what the selector finds, else `rel=next`, else the link that says "next". */
  readonly next: (selector?: string, page?: Names, more?: FollowMore) => Follow;
}

/** A page type. Either `parse`, or any of `extract` and `follow`. */
export interface PageDefinition<Names extends string> {
  /** Absent: the scraper's own. */
  readonly parser?: ParserName;
  /** Yields items and `follow(…)`: a generator, async or not. */
  readonly parse?: (context: ParseContext<Names>) => Iterable<unknown> | AsyncIterable<unknown>;
  /** Fields of the item that the page is. */
  readonly extract?: FieldMap;
  /** With `extract`: one item for each match, its fields looked up inside of it. */
  readonly each?: string;
  /** Links to follow: selector to page type. */
  readonly follow?: Readonly<Record<string, Names>>;
  /** Any Standard Schema (zod, valibot, arktype …): what it gives out is the item; one that fails it is an `invalid-item`. */
  readonly schema?: StandardSchema;
}

/** What `defineScraper` takes. `Names` are the page types, `Extracts`, `Schemas` and `Parses` what each gives. */
export type ScraperDefinition<Names extends string, Extracts, Schemas, Parses> = OptionInput & {
  /** Lower-case letters, digits and dashes: it names folders in the bucket. */
  readonly name: string;
  /** URLs to begin with, for schedules and `urldrop run --scraper NAME`. */
  readonly start?: StartUrls;
  /** EventBridge Scheduler expression: `cron(0 6 * * ? *)`, `rate(1 day)`. */
  readonly schedule?: string;
  /**
   * `htmlparser2` (the default) is quick and forgiving; `html5` builds the very tree that browsers build, at about twice the cost:
   * for pages whose selectors were made in a browser's inspector and meet tables or misnested tags.
   */
  readonly parser?: ParserName;
  /** Reads pages in this charset, whatever they say of themselves: for sites whose label is wrong. */
  readonly charset?: string;
  /** Page types by name; the first is that of requests which name none. */
  readonly pages: { readonly [N in Names]: PageDefinition<NoInfer<Names>> } & {
    readonly [N in keyof Extracts]: { readonly extract?: Extracts[N] };
  } & { readonly [N in keyof Schemas]: { readonly schema?: StandardSchema<Schemas[N]> } } & {
    readonly [N in keyof Parses]: { readonly parse?: (...context: never) => Iterable<Parses[N]> | AsyncIterable<Parses[N]> };
  };
};

/** A scraper that knows the items of its page types: see {@link ItemOf}. */
export interface DefinedScraper<Names extends string, Extracts, Schemas, Parses> extends Scraper {
  /** Types only: never there when running. */
  readonly types?: {
    readonly [N in Names]: N extends keyof Schemas
      ? unknown extends Schemas[N]
        ? Unchecked<N, Extracts, Parses>
        : Schemas[N]
      : Unchecked<N, Extracts, Parses>;
  };
}

type Unchecked<N, Extracts, Parses> = N extends keyof Extracts
  ? unknown extends Extracts[N]
    ? Yielded<N, Parses>
    : ItemFrom<Extracts[N]>
  : Yielded<N, Parses>;
type Yielded<N, Parses> = N extends keyof Parses ? Exclude<Parses[N], Follow> : never;

/** The item that a page type of a scraper gives: `ItemOf<typeof books, 'detail'>`. */
export type ItemOf<S extends { readonly types?: object }, N extends keyof NonNullable<S['types']>> = NonNullable<S['types']>[N];
