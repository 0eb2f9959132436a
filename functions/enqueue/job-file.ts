import { UsageError } from '../job/errors.ts';
import type { JobOptions } from '../job/job.ts';
import type { Json } from '../job/request.ts';
import { unknownName } from '../job/nearest-name.ts';
import { scraperOptions } from '../scraper/scraper-options.ts';

/** What a dropped `<name>.job.json` may say. All of it may be absent: then the scraper of its folder runs from its own `start`. */
export interface JobFile {
  /** Id of the job; absent: made from the upload. */
  readonly job?: string;
  readonly scraper?: string;
  /** A scraper as data for this job alone. */
  readonly recipe?: Json;
  /** URLs as they are. */
  readonly urls?: readonly string[];
  /** URL templates, `file:<key>`, `sitemap:<url>`. */
  readonly start?: string | readonly string[];
  /** Object key of a file of URLs. */
  readonly input?: string;
  readonly options?: JobOptions;
  /** Begins no job, but a further attempt of `job`, with nothing else beside it. */
  readonly retry?: RetryWish;
}

export interface RetryWish {
  /** 2 for the first repeat. */
  readonly attempt: number;
  /** Codes of the error lines to take up; absent: all but `robots`. */
  readonly codes?: readonly string[];
}

interface Range {
  readonly min: number;
  readonly max: number;
}
const { politeness, request, follow } = scraperOptions;
/** Bounds of the job's options: the scraper's own where it has them. */
const NUMBERS: Readonly<Record<Exclude<keyof JobOptions, 'robots'>, Range>> = {
  concurrency: politeness.concurrency,
  delay: politeness.delay,
  timeout: request.timeout,
  retries: request.retries,
  giveUpAfter: request.giveUpAfter,
  maxBytes: request.maxBytes,
  maxDepth: follow.maxDepth,
  maxRequests: { min: 0, max: Number.MAX_SAFE_INTEGER },
  budget: { min: 0, max: Number.MAX_VALUE },
};
const FIELDS = ['job', 'scraper', 'recipe', 'urls', 'start', 'input', 'options', 'retry'] as const;
const OPTIONS = [...Object.keys(NUMBERS), 'robots'];
/** Fit for object keys and partitions. */
export const JOB_ID = /^[\w][\w.-]{0,127}$/;

/**
 * Reads a job file and reports all its faults together.
 *
 * @param name - of the file, for messages.
 * @throws {UsageError} code `bad-job-file`, one line per fault: field, expected, received.
 */
export function parseJobFile(text: string, name: string): JobFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError('bad-job-file', `${name} is no JSON: ${(error as Error).message}`, error);
  }
  if (!isObject(value)) throw new UsageError('bad-job-file', `${name} must be a JSON object with some of: ${FIELDS.join(', ')}.`);
  const faults: string[] = [];
  const check = (field: string, isRight: (found: unknown) => boolean, expected: string): void => {
    const found = value[field];
    if (found !== undefined && !isRight(found)) faults.push(`${name}: "${field}" must be ${expected}, not ${shown(found)}.`);
  };
  for (const field of Object.keys(value)) {
    if (!(FIELDS as readonly string[]).includes(field)) faults.push(`${name} has the unknown field ${unknownName(field, FIELDS)}`);
  }
  check('job', (found) => typeof found === 'string' && JOB_ID.test(found), 'a name of letters, digits, ".", "_" and "-"');
  check('scraper', isText, 'the name of a scraper');
  check('recipe', isObject, 'a scraper as data');
  check('urls', isTexts, 'a list of URLs');
  check('start', (found) => isText(found) || isTexts(found), 'a URL template or a list of them');
  check('input', isText, 'the key of an object in the bucket');
  check('options', isObject, 'an object');
  check('retry', isRetry, 'like {"attempt": 2, "codes": ["timeout"]}');
  if (value['retry'] !== undefined && (value['job'] === undefined || Object.keys(value).length > 2))
    faults.push(`${name}: "retry" wants the "job" that is tried again, and nothing else.`);
  if (isObject(value['options'])) faults.push(...optionFaults(value['options'], name));
  if (faults.length > 0) throw new UsageError('bad-job-file', faults.join('\n'));
  return value;
}

function optionFaults(options: Readonly<Record<string, unknown>>, name: string): string[] {
  const faults: string[] = [];
  for (const [option, found] of Object.entries(options)) {
    if (option === 'robots') {
      if (found !== 'obey' && found !== 'ignore') faults.push(`${name}: option "robots" must be "obey" or "ignore", not ${shown(found)}.`);
      continue;
    }
    if (!Object.hasOwn(NUMBERS, option)) {
      faults.push(`${name} has the unknown option ${unknownName(option, OPTIONS)}`);
      continue;
    }
    const { min, max } = NUMBERS[option as keyof typeof NUMBERS];
    if (typeof found !== 'number' || !(found >= min && found <= max))
      faults.push(`${name}: option "${option}" must be a number from ${min} to ${max}, not ${shown(found)}.`);
  }
  return faults;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRetry(value: unknown): boolean {
  if (!isObject(value) || Object.keys(value).some((key) => key !== 'attempt' && key !== 'codes')) return false;
  const { attempt, codes } = value;
  return Number.isSafeInteger(attempt) && Number(attempt) >= 2 && (codes === undefined || isTexts(codes));
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
