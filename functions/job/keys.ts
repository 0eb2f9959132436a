import { laneKey } from './lane.ts';

/** What a results, errors or archive key needs of its job. `date` is the job's, so that a repeat after midnight finds the same key. */
export interface JobPlace {
  readonly id: string;
  readonly scraper: string;
  /** yyyy-mm-dd, UTC. */
  readonly date: string;
}

/** Every object key of the bucket, in one place (the bucket's contract with users is in the README). */
export const keys = {
  urls: (scraper: string, name: string) => `urls/${scraper}/${name}`,
  /** A scraper as data; `kind` is `json`, `yaml` or `yml`. */
  recipe: (scraper: string, kind: string) => `${prefixes.recipes}${scraper}.${kind}`,
  /** Dropped by the command: starts a job, or a further attempt of it. */
  jobFile: (scraper: string, job: string, attempt = 1) => `urls/${scraper}/${job}${attempt > 1 ? `.retry-${attempt}` : ''}.job.json`,
  results: (job: JobPlace, batch: string) => `${resultsPrefix(job)}${batch}.jsonl.gz`,
  /** Those of a second attempt say so: a later one must know which lines were there when it began. */
  errors: (job: JobPlace, batch: string, attempt = 1) => `${errorsPrefix(job)}${attempt > 1 ? `attempt-${attempt}-` : ''}${batch}.jsonl.gz`,
  /** What differs from the run before, of a scraper that is incremental. */
  changes: (job: JobPlace, batch: string) => `${changesPrefix(job)}${batch}.jsonl.gz`,
  files: (job: string, name: string) => `files/${job}/${name}`,
  archive: (job: string, batch: string) => `archive/${job}/${batch}.warc.gz`,
  job: (job: string) => `jobs/${job}/job.json`,
  /** The URLs of a job that did not come as a dropped file: a command's, a schedule's. */
  input: (job: string, name: string) => `jobs/${job}/input/${name}`,
  /** Where a long enqueue goes on. */
  enqueueState: (job: string) => `jobs/${job}/enqueue.json`,
  summary: (job: string) => `jobs/${job}/summary.json`,
  report: (job: string) => `jobs/${job}/report.html`,
  /** The final summary, written when the job has ended and not before: what a rule for events listens to. */
  finished: (job: string) => `jobs/${job}/finished.json`,
  /** Somebody has still to be told that a job has ended. */
  notice: (id: string) => `${prefixes.notices}${id}.json`,
  /** What report has folded so far. */
  fold: (job: string) => `jobs/${job}/fold.json.gz`,
  /**
   * There while the job is not complete: report looks at these jobs only. Each attempt has its own, so that a report that ends one does
   * not take the next one's away.
   */
  active: (job: string, attempt = 1) => `state/active/${job}${attempt > 1 ? `@${attempt}` : ''}`,
  /** How far the lanes of a whole run have been told to look for pages that are gone. */
  sweep: (job: string) => `jobs/${job}/sweep.json`,
  /** Which run of a scraper's schedule was the last to begin. */
  turn: (scraper: string) => `state/schedules/${scraper}.json`,
  cancel: (job: string) => `jobs/${job}/cancel`,
  segment: (job: string, name: string) => `requests/${job}/${name}.jsonl.gz`,
  /** Requests of a large input on their way from one end of the shuffle to the other; deleted when all are sent. */
  spill: (job: string, n: number) => `requests/${job}/spill-${n}`,
  /** What a batch found that its lane is to remember: part of its outcome, apart from it since report reads every outcome. */
  pageUpdates: (job: string, batch: string) => `requests/${job}/${batch}.pages.json.gz`,
  /** What a lane remembers of a scraper's pages from job to job. */
  pages: (scraper: string, lane: string) => `${prefixes.pages(scraper)}${encodeURIComponent(lane)}.gz`,
  outcome: (job: string, batch: string) => `outcomes/${job}/${batch}.json`,
  starts: (job: string, batch: string) => `starts/${job}/${batch}.json`,
  host: (lane: string) => `state/hosts/${laneKey(lane)}.json`,
  /** What several lanes share of an origin's robots.txt. */
  robots: (origin: string) => `state/hosts/robots-${laneKey(origin)}.json`,
  cookies: (job: string, lane: string) => `state/cookies/${job}/${laneKey(lane)}.json`,
  seen: (job: string, lane: string) => `state/seen/${job}/${laneKey(lane)}`,
};

export const prefixes = {
  urls: 'urls/',
  recipes: 'scrapers/',
  jobs: 'jobs/',
  active: 'state/active/',
  notices: 'state/notices/',
  pages: (scraper: string) => `state/pages/${scraper}/`,
  outcomes: (job: string) => `outcomes/${job}/`,
};

/** The job that an active mark stands for: no id holds an `@`. */
export function activeJobOf(key: string): string {
  return key.slice(prefixes.active.length).replace(/@.*/, '');
}

/** Whether an object is a job's summary. */
export function isSummary(key: string): boolean {
  return key.startsWith(prefixes.jobs) && key.endsWith('/summary.json') && key.split('/').length === 3;
}

/** The attempt that wrote an errors object. */
export function attemptOf(errorsKey: string): number {
  return Number(/\/attempt-(\d+)-[^/]*$/.exec(errorsKey)?.[1] ?? 1);
}

/** Whether an upload starts this job, or a further attempt of it. */
export function isJobFile(key: string, job: string): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return name.startsWith(`${job}.`) && /^\.(retry-\d+\.)?job\.json$/.test(name.slice(job.length));
}

/** Hive partitions, as Athena, DuckDB and Spark read them. */
export function resultsPrefix(job: JobPlace): string {
  return `results/scraper=${job.scraper}/date=${job.date}/job=${job.id}/`;
}

/** The lane whose pages an object of `state/pages/` holds. */
export function laneOfPages(key: string): string {
  return decodeURIComponent(key.slice(key.lastIndexOf('/') + 1, -'.gz'.length));
}

export function changesPrefix(job: JobPlace): string {
  return `changes/scraper=${job.scraper}/date=${job.date}/job=${job.id}/`;
}

export function errorsPrefix(job: JobPlace): string {
  return `errors/scraper=${job.scraper}/date=${job.date}/job=${job.id}/`;
}
