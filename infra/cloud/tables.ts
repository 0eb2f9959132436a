import type { Outcome } from '../../functions/job/outcome.ts';
import type { ErrorLine, ResultLine } from '../../functions/job/result.ts';

/** A field of a line and how Athena reads it; whatever may hold anything is read as JSON text (`json_extract_scalar` opens it). */
type Columns = Readonly<Record<string, 'string' | 'int' | 'bigint' | 'boolean'>>;

export interface TableDefinition {
  readonly comment: string;
  /** Prefix in the bucket. */
  readonly prefix: string;
  readonly columns: Columns;
  /** Parts of the key that are columns too, with Athena's rule for knowing them without a catalogue entry each. */
  readonly partitions: Readonly<Record<string, PartitionRule>>;
  /** Key up to the objects, with `${partition}` in it. */
  readonly template: string;
}

/** Athena, "Partition projection": values from a list, days of a range, or whatever the query names. */
export type PartitionRule =
  | { readonly type: 'enum'; readonly values: readonly string[] }
  | { readonly type: 'date'; readonly from: string }
  | { readonly type: 'injected' };

/** First day that is looked for: the projection counts up to today from here. */
const FIRST_DAY = '2026-01-01';

/** The jobs of a day lie in folders below it, which Athena reads along; its column "$path" tells them apart. */
// oxlint-disable-next-line no-template-curly-in-string -- Athena's own placeholders.
const DAY = 'scraper=${scraper}/date=${date}/';

const resultColumns = {
  url: 'string',
  page: 'string',
  fetchedAt: 'string',
  status: 'int',
  finalUrl: 'string',
  contentType: 'string',
  charset: 'string',
  wireBytes: 'bigint',
  decodedBytes: 'bigint',
  attempts: 'int',
  partial: 'boolean',
  contentHash: 'string',
  robots: 'string',
  signals: 'string',
  timings: 'string',
  item: 'string',
  data: 'string',
  change: 'string',
} as const satisfies Columns & Record<keyof ResultLine, string>;

const errorColumns = {
  url: 'string',
  page: 'string',
  code: 'string',
  message: 'string',
  status: 'int',
  attempts: 'int',
  at: 'string',
  data: 'string',
  method: 'string',
  headers: 'string',
  body: 'string',
  depth: 'int',
  file: 'string',
  line: 'int',
} as const satisfies Columns & Record<keyof ErrorLine, string>;

const outcomeColumns = {
  batch: 'string',
  lane: 'string',
  startedAt: 'string',
  committedAt: 'string',
  succeeded: 'int',
  failed: 'int',
  skipped: 'string',
  followed: 'int',
  items: 'int',
  fetches: 'int',
  wireBytes: 'bigint',
  decodedBytes: 'bigint',
  errors: 'string',
  usage: 'string',
} as const satisfies Columns & Partial<Record<keyof Outcome, string>>;

/**
 * The tables over the bucket.
 *
 * @param scrapers - names of all scrapers: results of others are not seen.
 */
export function tableDefinitions(
  scrapers: readonly string[],
): Readonly<Record<'results' | 'changes' | 'errors' | 'outcomes', TableDefinition>> {
  const partitions = { scraper: { type: 'enum', values: scrapers }, date: { type: 'date', from: FIRST_DAY } } as const;
  return {
    results: {
      comment: 'One line per item: the item, and the page that it comes from',
      prefix: 'results/',
      columns: resultColumns,
      partitions,
      template: `results/${DAY}`,
    },
    changes: {
      comment: 'Lines of results that differ from the run before, of scrapers that are incremental',
      prefix: 'changes/',
      columns: resultColumns,
      partitions,
      template: `changes/${DAY}`,
    },
    errors: {
      comment: 'One line per request that failed',
      prefix: 'errors/',
      columns: errorColumns,
      partitions,
      template: `errors/${DAY}`,
    },
    outcomes: {
      comment: 'One record per batch: what became of it and what it cost (for 90 days). A query names its job',
      prefix: 'outcomes/',
      columns: outcomeColumns,
      partitions: { job: { type: 'injected' } },
      // oxlint-disable-next-line no-template-curly-in-string -- Athena's own placeholder.
      template: 'outcomes/${job}/',
    },
  };
}

/** Queries to begin with. They are saved in Athena, and written so that DuckDB runs them on a copy of the files as well. */
export const savedQueries = {
  'items-per-day': {
    description: 'Pages, items and bytes of each scraper and day',
    sql: `SELECT scraper, "date", count(DISTINCT url) AS pages, count(*) AS items, sum(wirebytes) AS bytes
FROM results
GROUP BY scraper, "date"
ORDER BY "date" DESC, scraper`,
  },
  'errors-by-code-and-host': {
    description: 'What fails, and where',
    sql: `SELECT code, regexp_extract(url, '^https?://([^/?#]+)', 1) AS host, count(*) AS failed, min(message) AS example
FROM errors
GROUP BY 1, 2
ORDER BY failed DESC, code, host
LIMIT 100`,
  },
  'one-url': {
    description: 'All that became of one URL: put it in the place of URL',
    sql: `SELECT "date", scraper, 'result' AS became, page, status, attempts, NULL AS code, NULL AS message, fetchedat AS "at"
FROM results
WHERE url = 'URL'
UNION ALL
SELECT "date", scraper, 'error' AS became, page, status, attempts, code, message, "at"
FROM errors
WHERE url = 'URL'
ORDER BY "at" DESC`,
  },
  'slowest-hosts': {
    description: 'Hosts by the time that their pages take, ms',
    sql: `SELECT regexp_extract(url, '^https?://([^/?#]+)', 1) AS host, count(*) AS items,
  avg(CAST(json_extract_scalar(timings, '$.total') AS double)) AS average_ms
FROM results
GROUP BY 1
ORDER BY average_ms DESC, host
LIMIT 100`,
  },
  'batches-of-a-job': {
    description: 'Lanes of one job by what they took: put its id in the place of JOB',
    sql: `SELECT lane, count(*) AS batches, sum(succeeded) AS succeeded, sum(failed) AS failed,
  sum(CAST(json_extract_scalar(usage, '$.gbSeconds') AS double)) AS gb_seconds
FROM outcomes
WHERE job = 'JOB'
GROUP BY lane
ORDER BY gb_seconds DESC, lane
LIMIT 100`,
  },
} as const satisfies Record<string, { readonly description: string; readonly sql: string }>;
