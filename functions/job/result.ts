import type { FileTarget, Json } from './request.ts';

/** How a page was fetched; part of every result line. Times in ms, sizes in bytes. */
export interface Provenance {
  readonly fetchedAt: string;
  readonly status: number;
  /** There where a redirect changed the URL. */
  readonly finalUrl?: string;
  readonly contentType?: string;
  readonly charset?: string;
  readonly wireBytes: number;
  readonly decodedBytes: number;
  readonly attempts: number;
  /** The page was left once all that is wanted of it was there: bytes are those that were read, and there is no hash. */
  readonly partial?: true;
  /** SHA-256 of the decoded body, hex; of a whole body only. */
  readonly contentHash?: string;
  /** What the page says to robots (`X-Robots-Tag`, `meta`), and its wishes about the use of its content (AI, text mining), as written. */
  readonly robots?: readonly string[];
  readonly signals?: readonly string[];
  readonly timings?: { readonly dns?: number; readonly connect?: number; readonly firstByte: number; readonly total: number };
}

/** What has become of an item, or with it a page, since the last run of its scraper. */
export type Change = 'new' | 'changed' | 'unchanged' | 'gone';

/** One line of `results/`: an item and where it comes from. */
export interface ResultLine extends Provenance {
  readonly url: string;
  readonly page: string;
  readonly item: Json;
  readonly data?: Json;
  /** There where the scraper is incremental. Lines of an unchanged page are not written; on a changed one some items may be as they were. */
  readonly change?: Change;
}

/** A line of `results/` and `changes/` for a page that is no more. */
export interface GoneLine {
  readonly url: string;
  readonly page: string;
  readonly item: null;
  readonly change: 'gone';
  /** When that was found. */
  readonly fetchedAt: string;
  /** 404 or 410; absent: a whole run has not reached it. */
  readonly status?: number;
}

/** One line of `errors/`: a request that failed. It reads back as an input line, so an errors file can be dropped again. */
export interface ErrorLine {
  readonly url: string;
  readonly page: string;
  /** A code of the catalogue in `functions/job/errors.ts`. */
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly attempts: number;
  readonly at: string;
  readonly data?: Json;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly depth?: number;
  /** The request was a download. */
  readonly file?: FileTarget;
  /** Line of the input file, for what never became a request. */
  readonly line?: number;
}
