import type { S3EventRecord } from 'aws-lambda';
import type { ObjectStore } from '../aws/objects.ts';
import { UsageError } from '../job/errors.ts';
import { jobId } from '../job/job-id.ts';
import type { JobOptions } from '../job/job.ts';
import { prefixes } from '../job/keys.ts';
import type { Recipe } from '../job/recipe-store.ts';
import { parseJobFile, type JobFile } from './job-file.ts';
import type { RetryPlan } from './start-retry.ts';

/** What a dropped file, a schedule or a command asks for: a job before it is a job. */
export interface JobPlan {
  readonly id: string;
  readonly scraper: string;
  /** Time of the event, which names and dates the job. */
  readonly at: Date;
  readonly source: string;
  readonly etag?: string;
  /** A recipe that comes along, in place of a scraper that is known. */
  readonly recipe?: Recipe;
  readonly options: JobOptions;
  /** Object to read in place of `source`. */
  readonly input?: string;
  /** URLs as they are. */
  readonly urls?: readonly string[];
  /** Where to start, in place of an input. */
  readonly start?: string | readonly string[];
  /** The scraper says where to start. */
  readonly fromScraper?: true;
  /** It is a firing of the scraper's schedule. */
  readonly isScheduled?: true;
  /** Why it cannot become a job; the user gets an error line and a summary. */
  readonly fault?: UsageError;
}

/** The scraper of a file that lies in no scraper's folder. */
const DEFAULT_SCRAPER = 'page';
const JOB_FILE = '.job.json';
/** A job file lists some URLs at most; a long list is an input. */
const MAX_JOB_FILE_BYTES = 8 * 1024 * 1024;

/**
 * Reads one record of an S3 event.
 *
 * @returns a job, or a further attempt of one; undefined for what starts neither: other events, folders that a console made, objects elsewhere or gone again.
 * @throws what S3 answered.
 */
export async function planOfUpload(objects: ObjectStore, record: S3EventRecord): Promise<JobPlan | RetryPlan | undefined> {
  if (!record.eventName?.includes('ObjectCreated')) return undefined;
  // Encoded as HTML forms are: a plus stands for a space (Amazon S3 user guide, "Event message structure").
  const key = decodeURIComponent(record.s3.object.key.replaceAll('+', ' '));
  if (!key.startsWith(prefixes.urls) || key.endsWith('/')) return undefined;
  const path = key.slice(prefixes.urls.length);
  const folder = path.includes('/') ? path.slice(0, path.indexOf('/')) : DEFAULT_SCRAPER;
  const at = new Date(record.eventTime);
  const { sequencer, eTag } = record.s3.object;
  const idOf = (scraper: string) => jobId(fit(scraper), at, `${key} ${sequencer}`);
  const base = { at, source: key, options: {} };
  if (!key.endsWith(JOB_FILE)) return { ...base, id: idOf(folder), scraper: folder, ...(eTag && { etag: eTag }) };

  try {
    const file = await readJobFile(objects, key);
    if (!file) return undefined;
    const { job, scraper = folder, recipe, urls, start, input, options = {}, retry } = file;
    if (job !== undefined && retry) return { job, ...retry, at };
    const hasSource = urls !== undefined || start !== undefined || input !== undefined;
    return {
      ...base,
      id: job ?? idOf(scraper),
      scraper,
      options,
      ...(recipe !== undefined && { recipe: { source: key, data: recipe } }),
      ...(input !== undefined && { input }),
      ...(urls !== undefined && { urls }),
      ...(start !== undefined && { start }),
      ...(!hasSource && { fromScraper: true }),
    };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { ...base, id: idOf(folder), scraper: folder, fault: error };
  }
}

/** What EventBridge Scheduler sends for a scraper with a schedule. */
export interface ScheduleEvent {
  readonly kind: 'schedule';
  readonly scraper: string;
  /** Planned time, ISO: a second delivery is the same job. Absent: now. */
  readonly at?: string;
}

export function planOfSchedule(event: ScheduleEvent, nowMs: number): JobPlan {
  const at = new Date(event.at ?? nowMs);
  return {
    id: jobId(fit(event.scraper), at, 'schedule'),
    scraper: event.scraper,
    at,
    source: `schedule:${event.scraper}`,
    options: {},
    fromScraper: true,
    isScheduled: true,
  };
}

async function readJobFile(objects: ObjectStore, key: string): Promise<JobFile | undefined> {
  const object = await objects.stream(key);
  if (!object) return undefined;
  if (object.size > MAX_JOB_FILE_BYTES) {
    object.body.destroy();
    throw new UsageError(
      'bad-job-file',
      `${key} has ${object.size} bytes, over the limit of ${MAX_JOB_FILE_BYTES}. Drop the URLs as a file, and name it as "input".`,
    );
  }
  return parseJobFile(await object.body.transformToString('utf8'), key);
}

/** A folder may have any name; in ids and keys it must not. */
function fit(scraper: string): string {
  return scraper.replaceAll(/[^\w.-]+/g, '-').slice(0, 60) || 'unnamed';
}
