import type { ObjectStore } from '../aws/objects.ts';
import { RequestError, UsageError } from '../job/errors.ts';
import type { Job } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import { readInput } from '../urls/read-input.ts';
import { bytesOf } from './object-bytes.ts';
import type { Gatherer } from './gatherer.ts';

/** Fetches a sitemap from the web, whole and within limits. */
export type LoadSitemap = (url: string) => Promise<Uint8Array>;

/** Marks an input that is a sitemap on the web rather than an object of the bucket. */
export const SITEMAP = 'sitemap:';
/** Sitemaps of one job: what one index may name (sitemaps.org). */
const MAX_SITEMAPS = 50_000;

/**
 * Reads the inputs of a job one behind the other, and the sitemaps that they name behind those. What cannot be read becomes a
 * fault and does not hold the others. Each reading finds the same: sitemaps are kept in the bucket as they were first fetched.
 *
 * @returns a step for each block read.
 * @throws what S3 answered: the job must start over.
 */
export async function* readInputs(
  objects: ObjectStore,
  job: Job,
  gatherer: Gatherer,
  loadSitemap: LoadSitemap | undefined,
): AsyncGenerator<void> {
  const queue = [...(job.inputs ?? [job.source])];
  const known = new Set(queue);
  let sitemaps = 0;
  for (const input of queue) {
    const isSitemap = input.startsWith(SITEMAP);
    const name = isSitemap ? input.slice(SITEMAP.length) : nameForPeople(input, job.id);
    gatherer.source = name;
    const fault = (code: 'bad-line' | RequestError['code'], what: string): void =>
      gatherer.fault({ code, message: `${name} ${what}`, line: 1, text: name });
    if (isSitemap && ++sitemaps > MAX_SITEMAPS) {
      fault('bad-line', `is the first sitemap over the limit of ${MAX_SITEMAPS} for one job; it and those behind it are left out.`);
      return;
    }
    try {
      const key = isSitemap ? await keepSitemap(objects, job.id, name, sitemaps, loadSitemap) : input;
      yield* readInput(bytesOf(objects, key, key === job.source ? job.etag : undefined), name, gatherer);
    } catch (error) {
      if (error instanceof RequestError) fault(error.code, `could not be fetched: ${error.message}`);
      else if (error instanceof UsageError) gatherer.fault({ code: 'bad-line', message: error.message, line: 1, text: name });
      else throw error;
    }
    for (const url of gatherer.sitemaps) {
      const next = SITEMAP + url;
      if (!known.has(next)) queue.push(next);
      known.add(next);
    }
    gatherer.sitemaps = [];
  }
}

/** The failure to fetch a sitemap is kept as well, so that a repeat does not find more than the first reading. */
interface KeptFailure {
  readonly code: RequestError['code'];
  readonly message: string;
}

async function keepSitemap(objects: ObjectStore, job: string, url: string, n: number, load: LoadSitemap | undefined): Promise<string> {
  const key = keys.input(job, `sitemap-${n}`);
  if (await objects.head(key)) return key;
  const failed = `${key}.failed.json`;
  const failure = await objects.getJson<KeptFailure>(failed);
  if (failure) throw new RequestError(failure.code, failure.message);
  if (!load) throw new UsageError('no-loader', `${url} is a sitemap of a sitemap index. Drop it as a file of its own.`);
  try {
    await objects.put(key, await load(url));
    return key;
  } catch (error) {
    if (error instanceof RequestError) await objects.putJson(failed, { code: error.code, message: error.message } satisfies KeptFailure);
    throw error;
  }
}

/** A file that a command has put beside its job is known to its user by its own name, one that was dropped by its key. */
function nameForPeople(key: string, job: string): string {
  const folder = keys.input(job, '');
  return key.startsWith(folder) ? key.slice(folder.length) : key;
}
