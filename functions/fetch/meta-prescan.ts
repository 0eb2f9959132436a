/** Bytes in which a page should declare its encoding (HTML, section 4.2.5.5); browsers look no further before they parse. */
export const PRESCAN_BYTES = 1_024;

const [TAB, LF, FF, CR, SPACE, BANG, QUOT, APOS, DASH, SLASH, LT, EQUALS, GT, QUESTION] = [
  0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x21, 0x22, 0x27, 0x2d, 0x2f, 0x3c, 0x3d, 0x3e, 0x3f,
] as const;

/** A `meta` element's attributes: names in lower case, values as written, of several with one name the first. */
export type MetaAttributes = ReadonlyMap<string, string>;

/**
 * The encoding label that a page declares in a `meta` element, or `undefined`. What merely looks like one is none: comments,
 * attribute values, longer tag names, `name="charset"`, a content without the pragma.
 *
 * @param bytes - start of the page; bytes after `limit` are not looked at.
 * @returns the label in lower case: the caller resolves it; the first one that `isKnown` accepts.
 * @see HTML, section 13.2.3.2 (prescan a byte stream to determine its encoding), step by step.
 */
export function prescanMeta(bytes: Uint8Array, limit: number, isKnown: (label: string) => boolean): string | undefined {
  for (const attributes of metaElements(bytes, limit, false)) {
    const label = declaredLabel(attributes)?.toLowerCase();
    if (label !== undefined && isKnown(label)) return label;
  }
  return undefined;
}

/**
 * The `meta` elements of a page's start, read as the prescan of HTML's section 13.2.3.2 reads them.
 *
 * @param skipText - whether to pass over the contents of elements that hold no elements (`script`, `style`, `title` …), which
 *   a parser does and the prescan for encodings does not.
 */
export function* metaElements(bytes: Uint8Array, limit: number, skipText: boolean): Generator<MetaAttributes> {
  const end = Math.min(bytes.length, limit);
  const scanner = new Scanner(bytes, end);
  while (scanner.at < end) {
    if (scanner.peek(0) !== LT) {
      const next = bytes.indexOf(LT, scanner.at);
      if (next < 0 || next >= end) return;
      scanner.at = next;
      continue;
    }
    if (scanner.peek(1) === BANG && scanner.peek(2) === DASH && scanner.peek(3) === DASH) {
      // The dashes of the opening may serve the end: `<!-->` is a whole comment.
      scanner.at += 2;
      if (!scanner.skipPast('-->')) return;
    } else if (scanner.isMeta()) {
      scanner.at += 5;
      const attributes = readAttributes(scanner);
      // Cut off inside the tag: a value may be cut too (`iso-8859-1` of `iso-8859-15`).
      if (scanner.isDone) return;
      yield attributes;
    } else if (scanner.isTag()) {
      const name = scanner.tagName();
      while (scanner.attribute());
      if (skipText && TEXT_ELEMENTS.has(name)) scanner.skipPast(`</${name}`);
    } else if (scanner.peek(1) === BANG || scanner.peek(1) === SLASH || scanner.peek(1) === QUESTION) {
      if (!scanner.skipPast('>')) return;
    } else scanner.at++;
  }
}

const TEXT_ELEMENTS = new Set(['script', 'style', 'title', 'textarea', 'template', 'noscript', 'xmp', 'iframe', 'noembed', 'noframes']);

function readAttributes(scanner: Scanner): MetaAttributes {
  const attributes = new Map<string, string>();
  for (let attribute = scanner.attribute(); attribute; attribute = scanner.attribute()) {
    if (!attributes.has(attribute.name)) attributes.set(attribute.name, attribute.value);
  }
  return attributes;
}

function declaredLabel(attributes: MetaAttributes): string | undefined {
  const charset = attributes.get('charset');
  if (charset !== undefined) return charset;
  const isPragma = attributes.get('http-equiv')?.toLowerCase() === 'content-type';
  return isPragma ? charsetInContent(attributes.get('content')?.toLowerCase() ?? '') : undefined;
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

  /** Goes on behind the name of the tag that begins here. */
  tagName(): string {
    const start = this.at + 1;
    while (this.at < this.#end && !isSpace(this.peek(0)) && this.peek(0) !== GT) this.at++;
    return this.#text(start).toLowerCase();
  }

  /** Reads one attribute, its name in lower case; `undefined` at the end of the tag. @see HTML, "get an attribute". */
  attribute(): { readonly name: string; readonly value: string } | undefined {
    while (isSpace(this.peek(0)) || this.peek(0) === SLASH) this.at++;
    if (this.peek(0) === GT || this.at >= this.#end) return undefined;
    const nameStart = this.at;
    // A name may begin with an equals sign.
    while (this.at < this.#end && !(this.peek(0) === EQUALS && this.at > nameStart) && !isSpace(this.peek(0)) && this.peek(0) !== SLASH) {
      if (this.peek(0) === GT) return { name: this.#text(nameStart).toLowerCase(), value: '' };
      this.at++;
    }
    const name = this.#text(nameStart).toLowerCase();
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
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, this.at - start).toString('latin1');
  }
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === LF || byte === FF || byte === CR;
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}
