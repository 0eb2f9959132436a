import { UsageError } from '../job/errors.ts';
import { CsvReader, delimiterOf, isUrlColumn } from './csv-reader.ts';
import { JsonLinesReader } from './json-lines-reader.ts';
import { SitemapReader } from './sitemap-reader.ts';
import { TextReader } from './text-reader.ts';
import type { Reader, Sink } from './types.ts';

export type Format = 'text' | 'csv' | 'jsonl' | 'sitemap';

const BY_EXTENSION: Readonly<Record<string, Format>> = {
  txt: 'text',
  urls: 'text',
  list: 'text',
  csv: 'csv',
  tsv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  xml: 'sitemap',
};

/** What people drop by mistake, by first bytes; said of the file. */
const NOT_LISTS: readonly (readonly [hex: string, what: string])[] = [
  ['504b0304', 'a ZIP archive or an Excel or OpenDocument file. Unpack it, or save the sheet as CSV'],
  ['d0cf11e0', 'an old Office file. Save the sheet as CSV'],
  ['25504446', 'a PDF. Give its URLs as text, one a line'],
  ['fffe', 'UTF-16 text. Save it as UTF-8'],
  ['feff', 'UTF-16 text. Save it as UTF-8'],
  ['1f8b', 'packed twice. Unpack it once'],
  ['28b52ffd', 'packed with Zstandard. Unpack it, or use gzip'],
  ['425a68', 'packed with bzip2. Unpack it, or use gzip'],
  ['fd377a585a00', 'packed with xz. Unpack it, or use gzip'],
  ['50415231', 'a Parquet file. Export its URLs as CSV or JSON Lines'],
];
/** Text holds no NUL byte; a file with one near its beginning is something else. */
const BINARY_HEAD_BYTES = 8_192;

/**
 * Tells the format of an input by the extension of its name (`.gz` left out), else by its first bytes: `<` begins XML, `{` JSON Lines,
 * a first line with a field `url` CSV, anything else is a list of URLs.
 *
 * @param head - the first bytes of the unpacked input, without a byte order mark.
 * @throws {UsageError} code `not-a-list`, if the bytes are no text at all; the message says what they are and what to do.
 */
export function formatOf(name: string, head: Buffer): Format {
  const hex = head.toString('hex', 0, 8);
  const known = NOT_LISTS.find(([magic]) => hex.startsWith(magic));
  if (known) throw new UsageError('not-a-list', `${name} is ${known[1]}.`);
  if (head.subarray(0, BINARY_HEAD_BYTES).includes(0))
    throw new UsageError('not-a-list', `${name} is a binary file. An input is a list of URLs, CSV, JSON Lines or a sitemap, in UTF-8.`);
  const extension = /\.([a-z]+)(\.gz)?$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  const text = head.toString('utf8', 0, 4_096).trimStart();
  if (text.startsWith('[') && extension !== 'csv' && extension !== 'tsv')
    throw new UsageError('not-a-list', `${name} is a JSON array. Write one object a line: {"url": "https://…"}.`);
  const format = BY_EXTENSION[extension];
  if (format) return format;
  if (text.startsWith('<')) return 'sitemap';
  if (text.startsWith('{')) return 'jsonl';
  return (text.split('\n', 1)[0] ?? '').split(delimiterOf(head)).some((field) => isUrlColumn(field)) ? 'csv' : 'text';
}

export function readerFor(format: Format, name: string, sink: Sink): Reader {
  if (format === 'csv') return new CsvReader(name, sink);
  if (format === 'jsonl') return new JsonLinesReader(name, sink);
  if (format === 'sitemap') return new SitemapReader(name, sink);
  return new TextReader(name, sink);
}
