import { isAscii } from 'node:buffer';

/**
 * The characters of a page as the scanner reads them.
 *
 * Everything that the scanner looks for is ASCII, and in UTF-8 an ASCII byte stands only for itself: so a page in UTF-8 is read
 * byte by byte, one character each, and only what is taken out of it is decoded. That saves the decoding of whole pages, and
 * strings of two bytes per character wherever a page has one sign outside of Latin-1.
 */
export class PageChars {
  /** One character per byte of UTF-8, else the page's text. Positions count its characters. */
  readonly raw: string;
  /** Where the page begins: behind a byte order mark. */
  readonly start: number;
  /** Whether the page is known to hold nothing but ASCII. */
  readonly isAscii: boolean;
  /** Where characters from 0x80 on are parts of others. */
  readonly #bytes: Buffer | undefined;

  private constructor(raw: string, start: number, isAsciiPage: boolean, bytes: Buffer | undefined) {
    this.raw = raw;
    this.start = start;
    this.isAscii = isAsciiPage;
    this.#bytes = bytes;
  }

  /** A page's body; `text` is asked for only where its charset is not UTF-8. */
  static of(page: { readonly body: Buffer; readonly charset: string; readonly text: () => string }): PageChars {
    return page.charset === 'UTF-8' ? PageChars.ofUtf8(page.body) : PageChars.ofText(page.text());
  }

  static ofText(text: string): PageChars {
    return new PageChars(text, 0, false, undefined);
  }

  static ofUtf8(body: Buffer): PageChars {
    const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
    const plain = isAscii(body);
    return new PageChars(body.toString('latin1'), hasMark ? 3 : 0, plain, plain ? undefined : body);
  }

  /** The text between two positions; both must stand at ASCII characters or ends. */
  slice(start: number, end: number): string {
    const part = this.raw.slice(start, end);
    return this.#bytes !== undefined && NOT_ASCII.test(part) ? this.#bytes.toString('utf8', start, end) : part;
  }
}

const NOT_ASCII = /[^\0-\x7f]/;
