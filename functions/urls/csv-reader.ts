import { isAscii } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { UsageError } from '../job/errors.ts';
import type { Request } from '../job/request.ts';
import { CsvRecords, type RecordSink } from './csv-records.ts';
import { badUrlAdvice, clip, normalise } from './normal-form.ts';
import { lineDamage, tooLongFault } from './line-faults.ts';
import { place, type Reader, type Sink } from './types.ts';

const QUOTE = 34;
/** Excel writes semicolons where the comma is the decimal sign. */
const DELIMITERS = [',', ';', '\t'] as const;
/** Every row carries the names of its columns: a long one would make a small file a huge job. */
const MAX_NAME_CHARS = 200;

/**
 * Reads CSV (RFC 4180) with a header: the column `url` is fetched, the others become `data`, an object of texts.
 * The delimiter is a comma, or the semicolon or tab that the header uses instead.
 */
export class CsvReader implements Reader, RecordSink {
  readonly #name: string;
  readonly #sink: Sink;
  #records: CsvRecords | undefined;
  #delimiter: string = ',';
  #columns: readonly string[] | undefined;
  #urlColumn = -1;
  /** Blocks of plain ASCII up to here. A record lies within three blocks at most, so behind three of them none needs a look of its own. */
  #cleanBlocks = 0;

  constructor(name: string, sink: Sink) {
    this.#name = name;
    this.#sink = sink;
  }

  get at(): number {
    return this.#records?.line ?? 1;
  }

  write(block: Buffer): void {
    if (!this.#records) {
      this.#delimiter = delimiterOf(block);
      this.#records = new CsvRecords(this.#delimiter, this);
    }
    this.#cleanBlocks = isAscii(block) && !block.includes(0) ? this.#cleanBlocks + 1 : 0;
    this.#records.write(block);
  }

  end(): void {
    this.#records?.end();
  }

  /** Records without a quote are the common case, and splitting them is all it takes. */
  plain(bytes: Buffer, start: number, end: number, line: number): void {
    this.#row(bytes.toString('utf8', start, end).split(this.#delimiter), bytes, start, end, line);
  }

  quoted(bytes: Buffer, starts: readonly number[], end: number, lines: readonly number[]): void {
    let rows = this.#parse(bytes.subarray(starts[0], end));
    if (rows?.length !== starts.length) rows = undefined;
    for (const [i, start] of starts.entries()) {
      const stop = starts[i + 1] ?? end;
      const line = lines[i] ?? 0;
      // One record that cannot be parsed must not take its neighbours along.
      const row = rows ? rows[i] : this.#parse(bytes.subarray(start, stop))?.[0];
      if (row) this.#row(row, bytes, start, stop, line);
      else this.#fault(bytes, start, stop, line, 'has quotes that do not match. Write a quote inside a field twice, as "".');
    }
  }

  openQuote(bytes: Buffer, start: number, end: number, line: number): void {
    this.#fault(bytes, start, end, line, 'opens a quote that is not closed. Write a quote inside a field twice, as "".');
  }

  tooLong(head: Buffer, line: number): void {
    this.#sink.fault(tooLongFault(head, line, this.#name));
  }

  #parse(records: Buffer): string[][] | undefined {
    try {
      return parse(records, {
        delimiter: this.#delimiter,
        record_delimiter: ['\r\n', '\n'],
        relax_column_count: true,
        relax_quotes: true,
      });
    } catch {
      // The caller names the record; what the parser says of it counts columns and bytes of its own.
      return undefined;
    }
  }

  #row(row: readonly string[], bytes: Buffer, start: number, end: number, line: number): void {
    const columns = this.#columns;
    if (!columns) {
      this.#columns = this.#header(row);
      return;
    }
    const damage = this.#cleanBlocks >= 3 ? undefined : lineDamage(bytes.subarray(start, end));
    if (damage !== undefined) return this.#fault(bytes, start, end, line, damage);
    if (row.length > columns.length)
      return this.#fault(
        bytes,
        start,
        end,
        line,
        `has ${row.length} fields, the header ${columns.length}. Put quotes round a field with a delimiter in it.`,
      );
    const raw = row[this.#urlColumn] ?? '';
    const url = normalise(raw);
    if (url === undefined) {
      const advice = raw.trim() === '' ? 'has nothing in its column "url".' : `${badUrlAdvice(raw)} Its "url" reads: ${clip(raw)}`;
      this.#sink.fault({ code: 'bad-url', message: `${place(line, this.#name)} ${advice}`, line, text: clip(raw) });
      return;
    }
    if (columns.length === 1) return this.#sink.request({ url }, line);
    const data: Record<string, string> = {};
    for (let i = 0; i < row.length; i++) if (i !== this.#urlColumn) data[columns[i] ?? ''] = row[i] ?? '';
    this.#sink.request({ url, data } satisfies Request, line);
  }

  #header(row: readonly string[]): string[] {
    this.#urlColumn = row.findIndex((name) => isUrlColumn(name));
    if (this.#urlColumn < 0) {
      const found = clip(row.map((name) => JSON.stringify(name.trim())).join(', '));
      throw new UsageError(
        'no-url-column',
        `${this.#name} has no column "url" in its first line, but ${found}. Name the column with the URLs "url".`,
      );
    }
    const names = new Set<string>();
    return row.map((raw, i) => {
      // A name of its own for each column; `__proto__` would be no key of a plain object.
      let name = raw.trim();
      if (name.length > MAX_NAME_CHARS)
        throw new UsageError(
          'no-url-column',
          `${this.#name} has a column name of ${name.length} characters, over the limit of ${MAX_NAME_CHARS}. Shorten it.`,
        );
      if (name === '' || name === '__proto__') name = `column${i + 1}`;
      if (names.has(name)) name = `${name}#${i + 1}`;
      names.add(name);
      return name;
    });
  }

  #fault(bytes: Buffer, start: number, end: number, line: number, what: string): void {
    const text = clip(bytes.toString('utf8', start, end).trim());
    this.#sink.fault({ code: 'bad-line', message: `${place(line, this.#name)} ${what} It reads: ${text}`, line, text });
  }
}

export function isUrlColumn(name: string): boolean {
  return /^"?url"?$/i.test(name.trim());
}

/** The delimiter that stands most often in the first line, outside quotes. */
export function delimiterOf(head: Buffer): string {
  const end = head.indexOf(10);
  const counts = new Map<string, number>();
  let isQuoted = false;
  for (const c of head.subarray(0, end < 0 ? head.length : end)) {
    if (c === QUOTE) isQuoted = !isQuoted;
    else if (!isQuoted) {
      const char = String.fromCharCode(c);
      counts.set(char, (counts.get(char) ?? 0) + 1);
    }
  }
  let best: string = DELIMITERS[0];
  for (const delimiter of DELIMITERS) if ((counts.get(delimiter) ?? 0) > (counts.get(best) ?? 0)) best = delimiter;
  return best;
}
