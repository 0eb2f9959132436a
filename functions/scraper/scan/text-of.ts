import type { PageChars } from './page-chars.ts';
import { decodeRcdata, decodeText } from './references.ts';
import { TextKind } from './scan-sink.ts';

/** The text between two positions, as one of its kind becomes text; `kind` is one of {@link TextKind}. */
export function textOf(chars: PageChars, start: number, end: number, kind: number): string {
  if (kind === TextKind.last) return chars.lastUnit();
  const text = chars.slice(start, end);
  if (kind === TextKind.data) return decodeText(text);
  if (kind === TextKind.title) return decodeRcdata(text, '</title');
  return kind === TextKind.textarea ? decodeRcdata(text, '</textarea') : text;
}
