/** C0 and C1 controls, and the characters that turn the direction of text round (Unicode Standard Annex 9). */
// oxlint-disable-next-line no-control-regex -- they are what it is about
const UNPRINTABLE = /[\u0000-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]+/g;

/**
 * Text of pages and servers made fit for a terminal: an escape sequence in a title must not move the cursor or set the
 * window's name. Line ends become spaces.
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, ' ');
}
