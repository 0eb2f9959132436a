import { gunzipSync, gzipSync } from 'node:zlib';
import { readerFor, type Format } from '../../functions/urls/format.ts';
import { readEntries, type Entry } from '../../functions/urls/read-input.ts';

export { gunzipSync, gzipSync };

/** Reads an input that arrives in chunks of the given size. */
export async function read(input: string | Buffer, name = 'list', chunkBytes = 1 << 20): Promise<Entry[]> {
  const bytes = Buffer.from(input);
  const entries: Entry[] = [];
  for await (const batch of readEntries(chunksOf(bytes, chunkBytes), name)) entries.push(...batch);
  return entries;
}

export async function* chunksOf(bytes: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

/** What a test wants to see of an entry: the request itself, or the fault's code, line and message. */
export function shown(entries: readonly Entry[]): unknown[] {
  return entries.map((entry) => {
    if ('request' in entry) return entry.request;
    return 'fault' in entry ? `${entry.fault.code} ${entry.fault.line}: ${entry.fault.message}` : `sitemap ${entry.sitemap}`;
  });
}

/** Gives a reader its input in blocks of the given size, the first of them with at least `firstBytes`. */
export function readInBlocks(text: string | Buffer, format: Format, blockBytes: number, firstBytes = 0): Entry[] {
  const bytes = Buffer.from(text);
  const entries: Entry[] = [];
  const reader = readerFor(format, 'x', {
    url: (b, start, end) => void entries.push({ request: { url: b.toString('latin1', start, end) } }),
    request: (request) => void entries.push({ request }),
    fault: (fault) => void entries.push({ fault }),
    sitemap: (sitemap) => void entries.push({ sitemap }),
  });
  for (let at = 0, size = Math.max(firstBytes, blockBytes); at < bytes.length; at += size, size = blockBytes) {
    // A copy that is wiped afterwards, as the real blocks are overwritten.
    const block = Buffer.from(bytes.subarray(at, at + size));
    reader.write(block);
    block.fill(0);
  }
  reader.end();
  return entries;
}
