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
 * Where the content of `title`, `style` and their like ends (HTML, sections 13.2.5.9 to 14).
 *
 * @param name - of the element, in lower case.
 * @returns the position of its end tag; -1 where there is none.
 */
export function rawTextEnd(raw: string, start: number, name: string): number {
  let at = raw.indexOf('</', start);
  while (at >= 0 && !isNamed(raw, at + 2, name)) at = raw.indexOf('</', at + 2);
  return at;
}

/**
 * The same for `script`. Behind `<!--` in it, `<script` and `</script` are a pair that is text, up to `-->` (HTML, sections 13.2.5.15
 * to 31): pages once hid scripts that write scripts in comments.
 */
export function scriptEnd(raw: string, start: number): number {
  let escapedTo = -1;
  let isInner = false;
  for (let at = raw.indexOf('<', start); at >= 0; at = raw.indexOf('<', at + 1)) {
    if (at > escapedTo) isInner = false;
    const c = raw.charCodeAt(at + 1);
    if (c === 0x2f) {
      if (!isNamed(raw, at + 2, 'script')) continue;
      if (!isInner) return at;
      isInner = false;
    } else if (c === 0x21) {
      if (at > escapedTo && raw.startsWith('--', at + 2)) escapedTo = endOr(raw.indexOf('-->', at + 2), raw);
    } else if (at < escapedTo && isNamed(raw, at + 1, 'script')) isInner = true;
  }
  return -1;
}

function endOr(at: number, raw: string): number {
  return at < 0 ? raw.length : at;
}

/** Whether a tag at a position has just that name, which is in lower case. */
function isNamed(raw: string, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) if ((raw.charCodeAt(start + i) | 0x20) !== name.charCodeAt(i)) return false;
  return isNameEnd(raw.charCodeAt(start + name.length));
}

function isNameEnd(c: number): boolean {
  return c === 0x3e || c === 0x2f || c === 0x20 || c === 0x0a || c === 0x09 || c === 0x0d || c === 0x0c;
}
