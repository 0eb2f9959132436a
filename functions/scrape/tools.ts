import type { Logger } from '@aws-lambda-powertools/logger';
import type { Cloud } from '../aws/cloud.ts';
import type { Fetcher } from '../fetch/types.ts';
import type { Options } from '../options.ts';
import type { Scraper } from '../scraper/types.ts';

/** What a scrape invocation works with; clock and chance come in from outside. */
export interface Tools {
  readonly cloud: Cloud;
  readonly fetcher: Fetcher;
  readonly scrapers: Readonly<Record<string, Scraper>>;
  readonly options: Options;
  readonly log: Logger;
  /** ms since the epoch. */
  readonly now: () => number;
  /** ms that this process has been busy since some time: what passes of it during a fetch is not the host's doing. */
  readonly busyMs: () => number;
  /** 0 (included) to 1 (excluded). */
  readonly random: () => number;
}
