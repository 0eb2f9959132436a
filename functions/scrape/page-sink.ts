import type { FetchedFile, FetchedPage } from '../fetch/types.ts';
import type { RequestError } from '../job/errors.ts';
import { errorLine } from '../job/error-line.ts';
import { keys } from '../job/keys.ts';
import type { CrawlDelay } from '../job/outcome.ts';
import { FILE_PAGE, requestKey, type Request } from '../job/request.ts';
import type { ChangeCounts } from '../job/outcome.ts';
import type { GoneLine, ResultLine } from '../job/result.ts';
import { keyHash } from '../job/seen.ts';
import type { TallyCounter } from '../job/tally.ts';
import type { PageYield, Scraper } from '../scraper/types.ts';
import type { BatchObjects } from './batch-objects.ts';
import type { PageChanges } from './page-changes.ts';
import type { SliceSink } from './slice-job.ts';

/** Turns pages and failures into result lines, error lines, counts and new requests. */
export class PageSink implements SliceSink {
  readonly #written: BatchObjects;
  readonly #changes: PageChanges | undefined;
  readonly #tally: TallyCounter;
  readonly #scraper: Scraper;
  readonly #job: string;
  readonly #now: () => number;
  /** New requests by identity: a page linked twice in one batch is sent on once. */
  readonly follows = new Map<bigint, Request>();

  constructor(parts: {
    written: BatchObjects;
    changes: PageChanges | undefined;
    tally: TallyCounter;
    scraper: Scraper;
    job: string;
    now: () => number;
  }) {
    this.#written = parts.written;
    this.#changes = parts.changes;
    this.#tally = parts.tally;
    this.#scraper = parts.scraper;
    this.#job = parts.job;
    this.#now = parts.now;
  }

  page(request: Request, page: FetchedPage, pageYield: PageYield, signals: readonly string[]): Promise<void> | undefined {
    const { items, follows } = pageYield;
    const changes = this.#changes?.judge(request, page, pageYield);
    if (changes === 'unchanged') this.#tally.skip('unchanged');
    else this.#tally.succeeded++;
    this.#tally.wireBytes += page.provenance.wireBytes;
    this.#tally.decodedBytes += page.provenance.decodedBytes;
    for (const follow of follows) {
      const hash = keyHash(requestKey(follow));
      if (!this.follows.has(hash)) this.follows.set(hash, follow);
    }
    if (changes === 'unchanged') return undefined;
    let full: Promise<void> | undefined;
    for (const [at, item] of items.entries()) {
      const change = changes?.[at];
      this.#tally.items++;
      const line: ResultLine = {
        url: request.url,
        page: request.page ?? this.#scraper.firstPage,
        item,
        ...(request.data !== undefined && { data: request.data }),
        ...page.provenance,
        ...withSite(signals, page.provenance),
        // The fetcher knows only what it was asked for, which for a request from another lane is not the request's own URL.
        ...(page.url !== request.url && { finalUrl: page.url }),
        attempts: (request.attempts ?? 0) + 1,
        ...(change && { change }),
      };
      full = this.#written.results.write(line) ?? full;
      if (change === 'new' || change === 'changed') full = this.#change(change, line) ?? full;
    }
    return full;
  }

  /** A file's own result line: what became of the reference that an item holds. */
  file(request: Request, file: FetchedFile, signals: readonly string[]): Promise<void> | undefined {
    this.#tally.succeeded++;
    this.#tally.items++;
    this.#tally.wireBytes += file.provenance.wireBytes;
    this.#tally.decodedBytes += file.bytes;
    const { url, contentType, bytes, sha256 } = file;
    const key = keys.files(this.#job, request.file?.name ?? '');
    const line: ResultLine = {
      url: request.url,
      page: FILE_PAGE,
      item: { url: request.url, key, bytes, sha256, contentType },
      ...(request.data !== undefined && { data: request.data }),
      ...file.provenance,
      ...withSite(signals, file.provenance),
      ...(url !== request.url && { finalUrl: url }),
      attempts: (request.attempts ?? 0) + 1,
    };
    return this.#written.results.write(line);
  }

  failed(request: Request, error: RequestError): Promise<void> | undefined {
    // A page that robots.txt forbids is left out on purpose: it has a line, and counts as skipped.
    if (error.code === 'robots') this.#tally.skip('robots');
    else this.#tally.failed++;
    this.#tally.error(error.code, request.url, error.message);
    const gone = this.#changes?.failed(request, error.status);
    const full = gone && [this.#written.results.write(gone), this.#change('gone', gone)].find((wait) => wait !== undefined);
    return this.#written.errors.write(errorLine(request, error, this.#scraper.firstPage, new Date(this.#now()))) ?? full;
  }

  unchanged(request: Request): void {
    this.#changes?.confirmed(request);
    this.#tally.skip('unchanged');
  }

  #change(kind: keyof ChangeCounts, line: ResultLine | GoneLine): Promise<void> | undefined {
    this.#tally.change(kind);
    return this.#written.changes.write(line);
  }

  duplicate(): void {
    this.#tally.skip('duplicate');
  }

  crawlDelay(origin: string, delay: CrawlDelay): void {
    this.#tally.crawlDelay(origin, delay);
  }

  fetched(tookMs: number): void {
    this.#tally.fetches++;
    this.#tally.fetchMs += tookMs;
  }
}

/** The site's wishes before the page's own. */
function withSite(signals: readonly string[], { signals: own = [] }: Pick<ResultLine, 'signals'>): Pick<ResultLine, 'signals'> {
  return signals.length > 0 ? { signals: [...signals, ...own] } : {};
}
