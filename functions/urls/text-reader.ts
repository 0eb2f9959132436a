import { isUtf8 } from 'node:buffer';
import { LineSplitter, type LineSink } from './line-splitter.ts';
import { badUrlAdvice, clip, normalEnd, normalise } from './normal-form.ts';
import { MAX_LINE_BYTES, place, type Reader, type Sink } from './types.ts';

/** Reads a list of URLs, one a line; blank lines and lines that begin with `#` are skipped. */
export class TextReader implements Reader, LineSink {
  readonly #name: string;
  readonly #sink: Sink;
  readonly #lines = new LineSplitter(this);

  constructor(name: string, sink: Sink) {
    this.#name = name;
    this.#sink = sink;
  }

  get at(): number {
    return this.#lines.current;
  }

  write(block: Buffer): void {
    this.#lines.write(block);
  }

  end(): void {
    this.#lines.end();
  }

  line(bytes: Buffer, start: number, end: number, line: number): void {
    if (normalEnd(bytes, start, end) === end) {
      this.#sink.url(bytes, start, end);
      return;
    }
    const text = bytes.toString('utf8', start, end).trim();
    if (text === '' || text.startsWith('#')) return;
    pushUrl(this.#sink, this.#name, text, line, lineDamage(bytes.subarray(start, end)));
  }

  tooLong(head: Buffer, line: number): void {
    this.#sink.fault(tooLongFault(head, line, this.#name));
  }
}

/** Pushes the request of a URL that is yet to be brought into normal form, or says why there is none. */
export function pushUrl(sink: Sink, name: string, text: string, line: number, damage?: string): void {
  const url = damage === undefined ? normalise(text) : undefined;
  if (url !== undefined) return sink.request({ url }, line);
  const shown = clip(text);
  if (damage !== undefined) sink.fault({ code: 'bad-line', message: `${place(line, name)} ${damage}`, line, text: shown });
  else sink.fault({ code: 'bad-url', message: `${place(line, name)} ${badUrlAdvice(text)} It reads: ${shown}`, line, text: shown });
}

/** What makes a line unfit to be read at all: said of the line, undefined where it is sound. */
export function lineDamage(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return 'holds a NUL byte: the file is damaged there, or is no text.';
  if (!isUtf8(bytes)) return 'is not UTF-8. Save the file as UTF-8.';
  return undefined;
}

export function tooLongFault(head: Buffer, line: number, name: string) {
  return {
    code: 'bad-line',
    message: `${place(line, name)} is longer than ${MAX_LINE_BYTES} bytes and was skipped. Write one URL a line.`,
    line,
    text: clip(head.toString('utf8')),
  } as const;
}
