import type { Request } from '../job/request.ts';
import { BrokenInput, blocksOf } from './blocks.ts';
import { formatOf, readerFor } from './format.ts';
import type { Fault, Reader, Sink } from './types.ts';

/**
 * Reads one input of any format, gzip or not, in constant memory. What is wrong with single lines, or with the end of the
 * input, goes to the sink as faults; what was read before stays.
 *
 * @param source - the input's bytes.
 * @param name - for messages and, by its extension, the format.
 * @returns a step for each block, whose size is fixed: the place to make room. The rest is pushed before the last step ends.
 * @throws {UsageError} if the input as a whole is of no use; errors of the source come through as they are.
 */
export async function* readInput(source: AsyncIterable<Uint8Array>, name: string, sink: Sink): AsyncGenerator<void> {
  const counted = new CountedSink(sink);
  let reader: Reader | undefined;
  try {
    for await (const block of blocksOf(source)) {
      reader ??= readerFor(formatOf(name, block), name, counted);
      reader.write(block);
      yield;
    }
    reader?.end();
  } catch (error) {
    if (!(error instanceof BrokenInput)) throw error;
    const message = `${name} is damaged gzip data (${error.message}): it was cut off or changed. What was unpacked before is kept.`;
    sink.fault({ code: 'bad-line', message, line: reader?.at ?? 1, text: '' });
    return;
  }
  if (counted.entries > 0) return;
  sink.fault({ code: 'bad-line', message: `${name} ${reader ? 'holds no URL' : 'is empty'}. Write one URL a line.`, line: 1, text: '' });
}

/** A request, a line that is none, or another sitemap to read. */
export type Entry = { readonly request: Request } | { readonly fault: Fault } | { readonly sitemap: string };

/** The same as objects, an array for each block: for whoever looks at an input rather than works it. */
export async function* readEntries(source: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<readonly Entry[]> {
  let entries: Entry[] = [];
  const reading = readInput(source, name, {
    url: (bytes, start, end) => void entries.push({ request: { url: bytes.toString('latin1', start, end) } }),
    request: (request) => void entries.push({ request }),
    fault: (fault) => void entries.push({ fault }),
    sitemap: (sitemap) => void entries.push({ sitemap }),
  });
  for await (const _ of reading) {
    if (entries.length > 0) yield entries;
    entries = [];
  }
  if (entries.length > 0) yield entries;
}

/** Counts what a reader finds: an input without any entry is a mistake that must not pass in silence. */
class CountedSink implements Sink {
  readonly #sink: Sink;
  entries = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  url(bytes: Buffer, start: number, end: number): void {
    this.entries++;
    this.#sink.url(bytes, start, end);
  }

  request(request: Request, line: number): void {
    this.entries++;
    this.#sink.request(request, line);
  }

  fault(fault: Fault): void {
    this.entries++;
    this.#sink.fault(fault);
  }

  sitemap(url: string, line: number): void {
    this.entries++;
    this.#sink.sitemap(url, line);
  }
}
