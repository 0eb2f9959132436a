import type { CookieJar } from '../fetch/cookie-jar.ts';
import type { LanePace } from '../fetch/lane-pace.ts';
import type { FetchedFile, FetchedPage } from '../fetch/types.ts';
import type { RequestError } from '../job/errors.ts';
import type { Job } from '../job/job.ts';
import type { LaneRule } from '../job/lane.ts';
import type { CrawlDelay } from '../job/outcome.ts';
import type { Request } from '../job/request.ts';
import type { RequestSource } from '../job/request-source.ts';
import type { PageYield, Scraper } from '../scraper/types.ts';
import type { Claims } from './claims.ts';
import type { IdleWatch } from './idle-watch.ts';
import type { LaneState } from './lane-state.ts';
import type { PageChanges } from './page-changes.ts';
import type { Tools } from './tools.ts';

/** A request that goes on in a later batch, with the time from which it may. */
export interface Pending {
  readonly request: Request;
  readonly dueMs: number;
}

/**
 * Where a slice puts what it finds; a promise asks the slice to wait (the sink is full). `signals` are the site's wishes about the use of its
 * content, beside those of the page.
 */
export interface SliceSink {
  page(request: Request, page: FetchedPage, pageYield: PageYield, signals: readonly string[]): Promise<void> | undefined;
  file(request: Request, file: FetchedFile, signals: readonly string[]): Promise<void> | undefined;
  failed(request: Request, error: RequestError): Promise<void> | undefined;
  duplicate(): void;
  /** The site says that the page is as an earlier run found it. */
  unchanged(request: Request): void;
  fetched(tookMs: number): void;
  /** The robots.txt of an origin asks for a delay. */
  crawlDelay(origin: string, delay: CrawlDelay): void;
}

export interface SliceEnd {
  /** Requests taken from the source, from its start; the rest belongs to a child. */
  readonly taken: number;
  /** Taken but unfinished: retries, moves to another lane, what was under way when time was up. All claimed. */
  readonly pending: readonly Pending[];
  /** The lane may not go on before this (ms since the epoch); 0 = at once. */
  readonly notBeforeMs: number;
  /** The slice stopped because the job was cancelled. */
  readonly cancelled: boolean;
}

/** What a slice is given. */
export interface SliceJob {
  readonly tools: Tools;
  readonly job: Job;
  readonly scraper: Scraper;
  readonly lane: string;
  readonly laneRule: LaneRule;
  readonly state: LaneState;
  readonly pace: LanePace;
  readonly source: RequestSource;
  readonly claims: Claims;
  /** Absent: none are kept. */
  readonly cookies: CookieJar | undefined;
  /** Compares with earlier runs; absent: they are not compared. */
  readonly changes: PageChanges | undefined;
  readonly sink: SliceSink;
  readonly idle: IdleWatch;
  /** Nothing is started after this; it may change with what is learnt of the host. */
  readonly endMs: number;
  /** What is under way then is given up and goes on in a child. */
  readonly hardEndMs: number;
  readonly isCancelled: () => Promise<boolean>;
}
