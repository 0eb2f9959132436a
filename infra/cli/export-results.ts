import { createWriteStream } from 'node:fs';
import { access, constants, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ObjectStore } from '../../functions/aws/objects.ts';
import { UsageError } from '../../functions/job/errors.ts';
import { resultsPrefix, type JobPlace } from '../../functions/job/keys.ts';
import type { Json } from '../../functions/job/request.ts';
import type { ResultLine } from '../../functions/job/result.ts';
import { csvRecord } from './csv-text.ts';
import { linesUnder, splitLines } from './result-lines.ts';

const FORMATS = ['.jsonl', '.csv'] as const;
/** What of a result line every table begins with. */
const BASE_COLUMNS = ['url', 'page', 'status', 'fetchedAt'] as const;
/** A table has a bound: spreadsheets end at 16,384 columns. What lies beyond is in the JSON Lines. */
const MAX_COLUMNS = 10_000;

/**
 * Checks before a job runs what would spoil its export afterwards.
 *
 * @throws {UsageError} code `out`.
 */
export async function checkOut(out: string): Promise<void> {
  const extension = extname(out);
  if (!FORMATS.some((f) => f === extension))
    throw new UsageError('out', `--out ${out}: the name must end with ${FORMATS.join(' or ')}, which says the format.`);
  const dir = dirname(resolve(out));
  const there = await stat(dir).catch(() => undefined);
  if (!there?.isDirectory()) throw new UsageError('out', `--out ${out}: there is no directory ${dir}.`);
  if ((await stat(out).catch(() => undefined))?.isDirectory()) throw new UsageError('out', `--out ${out} is a directory.`);
  await access(dir, constants.W_OK).catch((error: unknown) => {
    throw new UsageError('out', `--out ${out}: cannot write into ${dir}.`, error);
  });
}

/**
 * Writes all results of a job to a file, streamed; the file appears whole or not at all.
 *
 * @param out - ends with `.jsonl` or `.csv`.
 */
export async function exportTo(objects: ObjectStore, job: JobPlace, out: string): Promise<void> {
  const part = `${out}.part`;
  try {
    const chunks = extname(out) === '.csv' ? csvOf(objects, job) : linesUnder(objects, resultsPrefix(job));
    await pipeline(Readable.from(chunks), createWriteStream(part));
    await rename(part, out);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Writes all results of a job to a stream that stays open, as JSON Lines. */
export async function exportToStream(objects: ObjectStore, job: JobPlace, stream: Writable): Promise<void> {
  await pipeline(Readable.from(linesUnder(objects, resultsPrefix(job))), stream, { end: false });
}

/**
 * A table of all results: one column for each field of the items, in the order of their first appearance. It is read twice,
 * first for the columns, so that it never has to be held.
 */
async function* csvOf(objects: ObjectStore, job: JobPlace): AsyncGenerator<string> {
  const lines = () => splitLines(linesUnder(objects, resultsPrefix(job)));
  const fields = new Set<string>();
  const dataFields = new Set<string>();
  for await (const line of lines()) {
    const { item, data } = JSON.parse(line) as ResultLine;
    for (const field of Object.keys(fieldsOf(item, 'item'))) if (fields.size < MAX_COLUMNS) fields.add(field);
    if (data !== undefined)
      for (const field of Object.keys(fieldsOf(data, 'data'))) if (dataFields.size < MAX_COLUMNS) dataFields.add(field);
  }
  const taken = new Set<string>([...BASE_COLUMNS, ...fields]);
  const isBase = (field: string) => BASE_COLUMNS.some((c) => c === field);
  yield csvRecord([
    ...BASE_COLUMNS,
    ...Array.from(fields, (f) => (isBase(f) ? `item.${f}` : f)),
    ...Array.from(dataFields, (f) => (taken.has(f) ? `data.${f}` : f)),
  ]);
  for await (const line of lines()) {
    const result = JSON.parse(line) as ResultLine;
    const item = fieldsOf(result.item, 'item');
    const data = result.data === undefined ? {} : fieldsOf(result.data, 'data');
    yield csvRecord([
      ...BASE_COLUMNS.map((c) => result[c]),
      ...Array.from(fields, (f) => item[f]),
      ...Array.from(dataFields, (f) => data[f]),
    ]);
  }
}

/** An object's own fields; anything else is one field of the given name. */
function fieldsOf(value: Json, name: string): Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { [name]: value };
}
