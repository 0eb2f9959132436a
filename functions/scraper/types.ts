import type { StartUrls } from '../urls/start.ts';
import type { FetchedPage, PageStart } from '../fetch/types.ts';
import type { Json, Request } from '../job/request.ts';
import type { OptionValues, RunValues } from './scraper-options.ts';

/** How a scraper treats hosts; defaults filled in, durations in ms. */
export type Politeness = OptionValues<'politeness'>;

/** How pages are fetched; defaults filled in, durations in ms. */
export type RequestOptions = OptionValues<'request'>;

/** A scraper with every option validated and filled in: what `defineScraper` returns. */
export interface Scraper extends RunValues {
  readonly name: string;
  readonly start?: StartUrls;
  readonly schedule?: string;
  readonly politeness: Politeness;
  readonly request: RequestOptions;
  /** Links followed from the input to a page, at most. */
  readonly maxDepth: number;
  /** Requests of one job, at most, where the job does not say otherwise. */
  readonly maxRequests?: number;
  /** The page type of a request that names none: the first declared. */
  readonly firstPage: string;
  readonly pageNames: readonly string[];
  /** Stands for what the page types are made of, where runs are compared: what other rules extracted is extracted anew. */
  readonly rules: string;
  /** Whether any page type can yield requests: without, a lane needs no seen-set. */
  readonly follows: boolean;
  /** Tells whether the beginning of the page gives all that the whole page would; undefined where its page type wants pages whole. */
  readonly enough: (request: Request) => ((start: PageStart) => boolean) | undefined;
  /**
   * Runs a page type over a fetched page. All or nothing: what it returns is the whole of the page.
   * Nothing in it refers to the page's memory any more.
   *
   * @throws {RequestError} `parse`, `invalid-item`, `too-complex`, `unknown-page`.
   */
  readonly run: (request: Request, page: FetchedPage, context?: RunContext) => Promise<PageYield>;
}

/** What the job and the invocation bring to a page. */
export interface RunContext {
  /** The job's id, for the object keys of downloads. */
  readonly job?: string | undefined;
  /** The job's own limit where it is not the scraper's. */
  readonly maxDepth?: number | undefined;
  /** Nobody wants the page after this run: its memory may be given back. */
  readonly isLast?: boolean;
  /** Takes what a scraper notes with `log`. */
  readonly log?: (message: string, facts: Readonly<Record<string, Json>>) => void;
  /** Hears of every field that came out empty, and why: for an author trying a scraper. Costs a search for each. */
  readonly onEmpty?: (field: EmptyField) => void;
  /** Hears how long building the page's tree took, ms; not called where no tree was wanted. */
  readonly onTree?: (ms: number) => void;
}

/** A field without a value. */
export interface EmptyField {
  /** The way to the field inside its item: `seller.name`, `rows.2.price`; `(each)` and `(follow)` for those of the page type itself. */
  readonly field: string;
  readonly selector: string;
  /** The longest beginning of the selector that matches, and how often; absent where not even its first part does. */
  readonly matches?: { readonly selector: string; readonly count: number };
  /** What was found where the selector matches as a whole: the text that gave no value. */
  readonly found?: string;
}

/** What a page gave: items in order, requests to follow (normalised, depth set, duplicates within the page dropped). */
export interface PageYield {
  readonly items: readonly Json[];
  /**
   * A request of the scraper's first page type carries no `page`, as the input's do not: one identity.
   * Downloads are among them: `page` is `@file` and `file` says where they go, so that they keep the pace of their own host.
   */
  readonly follows: readonly Request[];
  /** Links that were not followed, by reason; what is absent is 0. */
  readonly dropped?: Readonly<Partial<Record<DropReason, number>>>;
}

/**
 * Why a link was not followed: `scheme` no http(s) URL, `elsewhere` outside follow.within, `depth` beyond follow.maxDepth,
 * `links` beyond follow.maxLinks, `files` beyond limits.maxFiles, `nofollow` marked so, itself or the whole page.
 */
export type DropReason = 'scheme' | 'elsewhere' | 'depth' | 'links' | 'files' | 'nofollow';
