import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import type { ResultLine } from '../../functions/job/result.ts';
import type { Column } from './result-columns.ts';

/** Rows held in memory at a time; each such group can be read alone. */
const ROWS_PER_GROUP = 10_000;

const types = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  number: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
} as const;

/**
 * Writes results as a Parquet file, row group by row group. Every column may be null; nested values are JSON text, so that
 * one odd item does not change the schema of the file.
 */
export async function writeParquet(file: string, columns: readonly Column[], lines: AsyncIterable<string>): Promise<void> {
  const writer = new ParquetWriter({
    writer: fileWriter(file),
    schema: [
      { name: 'result', num_children: columns.length },
      ...columns.map(({ name, kind }) => ({ name, repetition_type: 'OPTIONAL' as const, ...types[kind] })),
    ],
    createdBy: 'urldrop',
  });
  let rows: ResultLine[] = [];
  const flush = async () => {
    if (rows.length === 0) return;
    const columnData = columns.map((column) => ({ name: column.name, data: rows.map((row) => cell(column, row)) }));
    await writer.write({ columnData, rowGroupSize: ROWS_PER_GROUP });
    rows = [];
  };
  for await (const line of lines) {
    rows.push(JSON.parse(line) as ResultLine);
    if (rows.length >= ROWS_PER_GROUP) await flush();
  }
  await flush();
  await writer.finish();
}

function cell({ kind, valueOf }: Column, row: ResultLine): string | number | boolean | null {
  const value = valueOf(row);
  if (value === undefined || value === null) return null;
  if (kind === 'json') return JSON.stringify(value);
  return value as string | number | boolean;
}
