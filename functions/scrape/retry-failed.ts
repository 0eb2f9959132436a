import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import type { ObjectStore } from '../aws/objects.ts';
import type { RetryOrder } from '../job/batch.ts';
import type { Job } from '../job/job.ts';
import { attemptOf, errorsPrefix } from '../job/keys.ts';
import { LineWriter } from '../job/line-writer.ts';
import type { Retried, Superseded } from '../job/outcome.ts';
import type { Request } from '../job/request.ts';
import type { ErrorLine } from '../job/result.ts';

/** Requests that one batch of the chain takes up: as objects in memory, some 10 MB. */
const MAX_REQUESTS = 10_000;
/** Errors objects that one batch of the chain takes lines from: each is written again afterwards. */
const MAX_OBJECTS = 200;
/** Errors objects written again at a time. */
const AT_ONCE = 8;

export interface Taken {
  readonly requests: readonly Request[];
  readonly retried: Retried;
  readonly superseded: Superseded;
  /** What the next batch of the chain does; absent: all is taken. */
  readonly rest?: RetryOrder;
}

/**
 * Takes failed requests from the error lines of earlier attempts, up to what fits into one batch. Nothing is changed: the same is taken
 * however often this runs before the outcome is there.
 *
 * @param hostOf - the host of a URL, as summaries name it.
 * @param untilMs - no further object is begun after this.
 */
export async function takeFailed(
  objects: ObjectStore,
  job: Job,
  attempt: number,
  order: RetryOrder,
  hostOf: (url: string) => string,
  now: () => number,
  untilMs: number,
): Promise<Taken> {
  const requests: Request[] = [];
  const errors: Record<string, number> = {};
  const hosts: Record<string, number> = {};
  const used: { key: string; left: number }[] = [];
  const { codes } = order;
  let from: string | undefined;
  for await (const key of earlierErrors(objects, job, attempt, order.from)) {
    if (requests.length >= MAX_REQUESTS || used.length >= MAX_OBJECTS || now() >= untilMs) {
      from = key;
      break;
    }
    const before = requests.length;
    let left = 0;
    for await (const text of linesOf(await objects.get(key))) {
      const line = JSON.parse(text) as ErrorLine;
      if (!isTakenUp(line, codes)) continue;
      if (requests.length >= MAX_REQUESTS) {
        left++;
        continue;
      }
      errors[line.code] = (errors[line.code] ?? 0) + 1;
      if (line.code !== 'robots') hosts[hostOf(line.url)] = (hosts[hostOf(line.url)] ?? 0) + 1;
      requests.push(requestOf(line));
    }
    if (requests.length > before) used.push({ key, left });
    if (left === 0) continue;
    from = key;
    break;
  }
  const robots = errors['robots'] ?? 0;
  return {
    requests,
    retried: { failed: requests.length - robots, robots, errors, hosts },
    superseded: { ...(codes && { codes }), objects: used },
    ...(from !== undefined && { rest: { ...(codes && { codes }), from } }),
  };
}

/**
 * Takes the error lines out that a committed batch has taken up, before their requests are sent: so no line is there beside a result
 * of its request. Every object changes at once and whole; what is out already is left as it is.
 *
 * @throws what S3 answered: the batch comes back and goes on here.
 */
export async function clearSuperseded(objects: ObjectStore, { codes, objects: used }: Superseded): Promise<void> {
  for (let at = 0; at < used.length; at += AT_ONCE) {
    await Promise.all(used.slice(at, at + AT_ONCE).map(({ key, left }) => clearObject(objects, key, codes, left)));
  }
}

async function clearObject(objects: ObjectStore, key: string, codes: readonly string[] | undefined, left: number): Promise<void> {
  const bytes = await objects.get(key);
  let surplus = -left;
  for await (const text of linesOf(bytes)) if (isTakenUp(JSON.parse(text) as ErrorLine, codes)) surplus++;
  if (surplus <= 0) return;
  const kept = new LineWriter(objects, key);
  try {
    for await (const text of linesOf(bytes)) {
      const line = JSON.parse(text) as ErrorLine;
      if (surplus > 0 && isTakenUp(line, codes)) surplus--;
      else await kept.write(line);
    }
    await kept.close();
  } catch (error) {
    await kept.abort();
    throw error;
  }
  if (kept.lines === 0) await objects.delete(key);
}

/** Keys of errors objects that were there before the attempt, in order. */
async function* earlierErrors(objects: ObjectStore, job: Job, attempt: number, from: string | undefined): AsyncGenerator<string> {
  if (from !== undefined) yield from;
  for await (const { key } of objects.list(errorsPrefix(job), from)) if (attemptOf(key) < attempt) yield key;
}

async function* linesOf(bytes: Buffer | undefined): AsyncGenerator<string> {
  if (!bytes) return;
  const decoder = new StringDecoder();
  let rest = '';
  for await (const chunk of Readable.from([bytes]).pipe(createGunzip())) {
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** What never was a request (a line of the input without a URL, a job that could not begin) would fail again. */
function isTakenUp({ line, url, code }: ErrorLine, codes: readonly string[] | undefined): boolean {
  if (line !== undefined || !/^https?:/.test(url)) return false;
  return codes ? codes.includes(code) : code !== 'robots';
}

/** The request as it first was, but claimed: its lane has seen it. */
function requestOf({ url, page, method, headers, body, data, depth, file }: ErrorLine): Request {
  return {
    url,
    ...(page !== '' && { page }),
    ...(method !== undefined && { method }),
    ...(headers !== undefined && { headers }),
    ...(body !== undefined && { body }),
    ...(data !== undefined && { data }),
    ...(depth !== undefined && { depth }),
    ...(file !== undefined && { file }),
    claimed: true,
  };
}
