/** Bytes in which a page should declare its encoding (HTML, section 4.2.5.5); browsers look no further before they parse. */
export const PRESCAN_BYTES = 1_024;

const [TAB, LF, FF, CR, SPACE, BANG, QUOT, APOS, DASH, SLASH, LT, EQUALS, GT, QUESTION] = [
  0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x21, 0x22, 0x27, 0x2d, 0x2f, 0x3c, 0x3d, 0x3e, 0x3f,
] as const;

/**
 * The encoding label that a page declares in a `meta` element, or `undefined`. What merely looks like one is none: comments,
 * attribute values, longer tag names, `name="charset"`, a content without the pragma.
 *
 * @param bytes - start of the page; bytes after `limit` are not looked at.
 * @returns the label as written: the caller resolves it; the first one that `isKnown` accepts.
 * @see HTML, section 13.2.3.2 (prescan a byte stream to determine its encoding), step by step.
 */
export function prescanMeta(bytes: Uint8Array, limit: number, isKnown: (label: string) => boolean): string | undefined {
  const end = Math.min(bytes.length, limit);
  const scanner = new Scanner(bytes, end);
  while (scanner.at < end) {
    if (scanner.peek(0) !== LT) {
      const next = bytes.indexOf(LT, scanner.at);
      if (next < 0 || next >= end) return undefined;
      scanner.at = next;
      continue;
    }
    if (scanner.peek(1) === BANG && scanner.peek(2) === DASH && scanner.peek(3) === DASH) {
      // The dashes of the opening may serve the end: `<!-->` is a whole comment.
      scanner.at += 2;
      if (!scanner.skipPast('-->')) return undefined;
    } else if (scanner.isMeta()) {
      scanner.at += 5;
      const label = readMeta(scanner);
      if (label !== undefined && isKnown(label)) return label;
    } else if (scanner.isTag()) {
      scanner.skipTagName();
      while (scanner.attribute());
    } else if (scanner.peek(1) === BANG || scanner.peek(1) === SLASH || scanner.peek(1) === QUESTION) {
      if (!scanner.skipPast('>')) return undefined;
    } else scanner.at++;
  }
  return undefined;
}

/** The attributes of one `meta` element, and the label that they declare. */
function readMeta(scanner: Scanner): string | undefined {
  const seen = new Set<string>();
  let gotPragma = false;
  let needPragma: boolean | undefined;
  let label: string | undefined;
  for (let attribute = scanner.attribute(); attribute; attribute = scanner.attribute()) {
    const { name, value } = attribute;
    if (seen.has(name)) continue;
    seen.add(name);
    if (name === 'http-equiv') gotPragma ||= value === 'content-type';
    else if (name === 'content') {
      const found = charsetInContent(value);
      if (found !== undefined && label === undefined) {
        label = found;
        needPragma = true;
      }
    } else if (name === 'charset') {
      label = value;
      needPragma = false;
    }
  }
  // Cut off inside the tag: the label may be cut too (`iso-8859-1` of `iso-8859-15`).
  if (scanner.isDone) return undefined;
  return needPragma === undefined || (needPragma && !gotPragma) ? undefined : label;
}

/** @see HTML, section 2.5.4 (extracting a character encoding from a meta element). */
function charsetInContent(value: string): string | undefined {
  const match = /charset[\t\n\f\r ]*=[\t\n\f\r ]*(?:"([^"]*)"|'([^']*)'|(?!["'])([^\t\n\f\r ;]+))/.exec(value);
  return match?.[1] ?? match?.[2] ?? match?.[3];
}

/**
 * The label of an XML declaration at the very start of a file, or `undefined`.
 *
 * @see HTML, section 13.2.3.2 (get an XML encoding); XML 1.0, section 4.3.3.
 */
export function xmlEncoding(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, PRESCAN_BYTES)).toString('latin1');
  if (!head.startsWith('<?xml')) return undefined;
  const end = head.indexOf('>');
  const declaration = end < 0 ? head : head.slice(0, end);
  const match = /encoding[\0- ]*=[\0- ]*(?:"([^"]*)"|'([^']*)')/.exec(declaration);
  const label = match?.[1] ?? match?.[2];
  return label === undefined || /[\0- ]/.test(label) ? undefined : label;
}

class Scanner {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  constructor(bytes: Uint8Array, end: number) {
    this.#bytes = bytes;
    this.#end = end;
  }

  get isDone(): boolean {
    return this.at >= this.#end;
  }

  /** The byte so far ahead; -1 beyond the end. */
  peek(ahead: number): number {
    const at = this.at + ahead;
    return at < this.#end ? (this.#bytes[at] ?? -1) : -1;
  }

  /** Goes on behind the next occurrence of the text. */
  skipPast(text: string): boolean {
    const found = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#end).indexOf(text, this.at, 'latin1');
    this.at = found < 0 ? this.#end : found + text.length;
    return found >= 0;
  }

  isMeta(): boolean {
    const is = (ahead: number, letter: number): boolean => (this.peek(ahead) | 0x20) === letter;
    const after = this.peek(5);
    return is(1, 0x6d) && is(2, 0x65) && is(3, 0x74) && is(4, 0x61) && (isSpace(after) || after === SLASH);
  }

  isTag(): boolean {
    return isLetter(this.peek(1)) || (this.peek(1) === SLASH && isLetter(this.peek(2)));
  }

  skipTagName(): void {
    while (this.at < this.#end && !isSpace(this.peek(0)) && this.peek(0) !== GT) this.at++;
  }

  /** Reads one attribute, names and values in lower case; `undefined` at the end of the tag. @see HTML, "get an attribute". */
  attribute(): { readonly name: string; readonly value: string } | undefined {
    while (isSpace(this.peek(0)) || this.peek(0) === SLASH) this.at++;
    if (this.peek(0) === GT || this.at >= this.#end) return undefined;
    const nameStart = this.at;
    // A name may begin with an equals sign.
    while (this.at < this.#end && !(this.peek(0) === EQUALS && this.at > nameStart) && !isSpace(this.peek(0)) && this.peek(0) !== SLASH) {
      if (this.peek(0) === GT) return { name: this.#text(nameStart), value: '' };
      this.at++;
    }
    const name = this.#text(nameStart);
    while (isSpace(this.peek(0))) this.at++;
    if (this.peek(0) !== EQUALS) return { name, value: '' };
    this.at++;
    while (isSpace(this.peek(0))) this.at++;
    return { name, value: this.#value() };
  }

  #value(): string {
    const quote = this.peek(0);
    if (quote === QUOT || quote === APOS) {
      const start = ++this.at;
      while (this.at < this.#end && this.peek(0) !== quote) this.at++;
      const text = this.#text(start);
      this.at++;
      return text;
    }
    const start = this.at;
    while (this.at < this.#end && !isSpace(this.peek(0)) && this.peek(0) !== GT) this.at++;
    return this.#text(start);
  }

  #text(start: number): string {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, this.at - start)
      .toString('latin1')
      .toLowerCase();
  }
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === LF || byte === FF || byte === CR;
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}
