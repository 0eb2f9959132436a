import type { FetchedPage } from '../fetch/types.ts';
import type { Json, Request } from '../job/request.ts';

/** How a scraper treats hosts; defaults filled in, durations in ms. */
export interface Politeness {
  /** Requests in flight per host. */
  readonly concurrency: number;
  /** Pause between the starts of two requests to one host. */
  readonly delay: number;
  readonly robots: 'obey' | 'ignore';
  readonly groupBy: 'host' | 'site';
}

export interface RequestOptions {
  /** Total time for one fetch, ms. */
  readonly timeout: number;
  /** Further attempts after a failure that may pass. */
  readonly retries: number;
  readonly maxBytes: number;
  readonly maxRedirects: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Media types taken as a page. */
  readonly accept: readonly string[];
}

/** A scraper with every option validated and filled in: what `defineScraper` returns. */
export interface Scraper {
  readonly name: string;
  readonly start?: StartUrls;
  readonly schedule?: string;
  readonly politeness: Politeness;
  readonly request: RequestOptions;
  /** Links followed from the input to a page, at most. */
  readonly maxDepth: number;
  /** The page type of a request that names none: the first declared. */
  readonly firstPage: string;
  readonly pageNames: readonly string[];
  /** Whether any page type can yield requests: without, a lane needs no seen-set. */
  readonly follows: boolean;
  /**
   * Runs a page type over a fetched page. All or nothing: what it returns is the whole of the page.
   *
   * @throws {RequestError} `parse`, `invalid-item`, `too-complex`, `unknown-page`.
   */
  readonly run: (request: Request, page: FetchedPage) => Promise<PageYield>;
}

export type StartUrls = string | readonly string[] | (() => Iterable<string> | AsyncIterable<string>);

/** What a page gave: items in order, requests to follow (normalised, depth set, duplicates within the page dropped). */
export interface PageYield {
  readonly items: readonly Json[];
  readonly follows: readonly Request[];
}
