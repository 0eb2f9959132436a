import { constants, createWriteStream } from 'node:fs';
import { access, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ObjectStore } from '../../functions/aws/objects.ts';
import { UsageError } from '../../functions/job/errors.ts';
import { resultsPrefix, type JobPlace } from '../../functions/job/keys.ts';
import type { ResultLine } from '../../functions/job/result.ts';
import { csvRecord } from './csv-text.ts';
import { findColumns, type Column } from './result-columns.ts';
import { linesUnder, splitLines } from './result-lines.ts';

const FORMATS = ['.jsonl', '.csv', '.parquet'] as const;
const PIECE_CHARS = 64 * 1024;

/**
 * Checks before a job runs what would spoil its export afterwards.
 *
 * @throws {UsageError} code `out`.
 */
export async function checkOut(out: string): Promise<void> {
  const extension = extname(out);
  if (!FORMATS.some((f) => f === extension))
    throw new UsageError(
      'out',
      `--out ${out}: the name must end with ${FORMATS.slice(0, -1).join(', ')} or ${FORMATS.at(-1)}, which says the format.`,
    );
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
 * @param out - its ending says the format, one of {@link FORMATS}.
 */
export async function exportTo(objects: ObjectStore, job: JobPlace, out: string): Promise<void> {
  const part = `${out}.part`;
  const chunks = () => linesUnder(objects, resultsPrefix(job));
  try {
    if (extname(out) === '.jsonl') await pipeline(Readable.from(chunks()), createWriteStream(part));
    else {
      // A table is read twice, first for its columns, so that it never has to be held.
      const columns = await findColumns(splitLines(chunks()));
      if (extname(out) === '.csv') await pipeline(Readable.from(csvOf(columns, splitLines(chunks()))), createWriteStream(part));
      else await (await import('./export-parquet.ts')).writeParquet(part, columns, splitLines(chunks()));
    }
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

/** A table with a head, in pieces of some size. */
async function* csvOf(columns: readonly Column[], lines: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = csvRecord(columns.map((c) => c.name));
  for await (const line of lines) {
    const result = JSON.parse(line) as ResultLine;
    piece += csvRecord(columns.map((c) => c.valueOf(result)));
    if (piece.length < PIECE_CHARS) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}
