import { matchEnd } from './references.ts';

/**
 * Where a comment ends (HTML, section 13.2.5.43 to 52): behind `-->`, `--!>`, or at once as `<!-->` and `<!--->`.
 *
 * @param start - behind `<!--`.
 * @returns the position behind its end; -1 where the page breaks off.
 */
export function commentEnd(raw: string, start: number): number {
  if (raw.charCodeAt(start) === 0x3e) return start + 1;
  if (raw.charCodeAt(start) === 0x2d && raw.charCodeAt(start + 1) === 0x3e) return start + 2;
  let at = start;
  for (;;) {
    at = raw.indexOf('--', at);
    if (at < 0) return -1;
    at += 2;
    while (raw.charCodeAt(at) === 0x2d) at++;
    const c = raw.charCodeAt(at);
    if (c === 0x3e) return at + 1;
    if (c === 0x21 && raw.charCodeAt(at + 1) === 0x3e) return at + 2;
  }
}

/**
 * Where the text of a comment ends: before its end, or before what may have begun to be one.
 *
 * @param end - behind the comment, or the end of the page.
 */
export function commentTextEnd(raw: string, start: number, end: number, isClosed: boolean): number {
  const last = isClosed ? end - 1 : end;
  const text = raw.slice(Math.max(start, last - 3), last);
  const sign = text === '--!' ? 3 : text.endsWith('--') ? 2 : text.endsWith('-') ? 1 : 0;
  return last - sign;
}

/**
 * Where the text of `script`, `title` and their like ends.
 *
 * @param endTag - what ends it, in lower case and without what must follow: `</script`.
 * @param isRcdata - whether character references count in it: htmlparser2 then looks at every character, and else jumps to the next `<`.
 * @returns the position of its end tag; -1 where there is none.
 */
export function rawTextEnd(raw: string, start: number, endTag: string, isRcdata: boolean): number {
  let matched = 0;
  for (let at = start; at < raw.length; at++) {
    const c = raw.charCodeAt(at);
    if (matched === endTag.length && isNameEnd(c)) return at - matched;
    const wasIdle = matched === 0 || matched === endTag.length;
    matched = matchEnd(c, endTag, matched);
    if (isRcdata || matched > 0 || !wasIdle) continue;
    at = raw.indexOf('<', at + 1);
    if (at < 0) return -1;
    matched = 1;
  }
  return -1;
}

function isNameEnd(c: number): boolean {
  return c === 0x3e || c === 0x2f || c === 0x20 || c === 0x0a || c === 0x09 || c === 0x0d || c === 0x0c;
}
