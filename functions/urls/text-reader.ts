import { lineDamage } from './line-faults.ts';
import { LineReader } from './line-reader.ts';
import { badUrlAdvice, clip, normalEnd, normalise } from './normal-form.ts';
import { place, type Sink } from './types.ts';

/** Reads a list of URLs, one a line; blank lines and lines that begin with `#` are skipped. */
export class TextReader extends LineReader {
  line(bytes: Buffer, start: number, end: number, line: number): void {
    if (normalEnd(bytes, start, end) === end) {
      this.sink.url(bytes, start, end);
      return;
    }
    const text = bytes.toString('utf8', start, end).trim();
    if (text === '' || text.startsWith('#')) return;
    pushUrl(this.sink, this.name, text, line, lineDamage(bytes.subarray(start, end)));
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
