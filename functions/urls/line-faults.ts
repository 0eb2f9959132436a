import { isUtf8 } from 'node:buffer';
import { clip } from './normal-form.ts';
import { MAX_LINE_BYTES, place } from './types.ts';

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
