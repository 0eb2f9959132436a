import type { PageChars } from './page-chars.ts';
import { decodeText } from './references.ts';
import { TextKind } from './scan-sink.ts';

/** The text between two positions, as one of its kind becomes text; `kind` is one of {@link TextKind}. */
export function textOf(chars: PageChars, start: number, end: number, kind: number): string {
  const text = chars.slice(start, end);
  return kind === TextKind.data ? decodeText(text) : text;
}
