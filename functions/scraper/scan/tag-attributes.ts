import type { PageChars } from './page-chars.ts';
import { decodeAttribute } from './references.ts';

/** Where one attribute stands: four positions in the page. */
const FIELDS = 4;
const INITIAL_ATTRIBUTES = 64;

/** The attributes of the tag at hand, as positions: nothing is cut out of the page before it is asked for. */
export class TagAttributes {
  count = 0;
  /** Where the tag that was read last has them: behind its name. */
  start = 0;
  /** Whether the tag that was read last ends with a slash. */
  selfClosing = false;
  #chars: PageChars;
  #raw: string;
  #positions = new Int32Array(INITIAL_ATTRIBUTES * FIELDS);

  constructor(chars: PageChars) {
    this.#chars = chars;
    this.#raw = chars.raw;
  }

  /** Goes on to another page. */
  reset(chars: PageChars): void {
    this.#chars = chars;
    this.#raw = chars.raw;
    this.count = 0;
    // One tag of a hostile page must not keep its megabytes for good.
    if (this.#positions.length > 1_024 * FIELDS) this.#positions = new Int32Array(INITIAL_ATTRIBUTES * FIELDS);
  }

  /** Reads up to the end of a start tag, from behind its name. @returns the position behind it; -1 where the page breaks off. */
  read(start: number): number {
    const raw = this.#raw;
    const end = raw.length;
    this.count = 0;
    this.start = start;
    this.selfClosing = false;
    let at = start;
    while (at < end) {
      let c = raw.charCodeAt(at);
      if (c === 0x3e) return at + 1;
      if (isSpace(c)) {
        at++;
        continue;
      }
      if (c === 0x2f) {
        if (raw.charCodeAt(++at) !== 0x3e) continue;
        this.selfClosing = true;
        return at + 1;
      }
      // The first character is part of the name whatever it is.
      const nameStart = at;
      do c = raw.charCodeAt(++at);
      while (at < end && c !== 0x3d && c !== 0x3e && c !== 0x2f && !isSpace(c));
      const nameEnd = at;
      if (isSpace(c)) {
        at = skipSpaces(raw, at);
        c = raw.charCodeAt(at);
      }
      if (at >= end) return -1;
      if (c !== 0x3d) {
        this.#add(nameStart, nameEnd, 0, 0);
        continue;
      }
      at = skipSpaces(raw, at + 1);
      c = raw.charCodeAt(at);
      if (c === 0x22 || c === 0x27) {
        const close = raw.indexOf(c === 0x22 ? '"' : "'", at + 1);
        if (close < 0) return -1;
        this.#add(nameStart, nameEnd, at + 1, close);
        at = close + 1;
      } else {
        const valueStart = at;
        while (at < end && c !== 0x3e && !isSpace(c)) c = raw.charCodeAt(++at);
        if (at >= end) return -1;
        this.#add(nameStart, nameEnd, valueStart, at);
      }
    }
    return -1;
  }

  #add(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const at = this.count * FIELDS;
    if (at === this.#positions.length) this.#grow();
    const positions = this.#positions;
    positions[at] = nameStart;
    positions[at + 1] = nameEnd;
    positions[at + 2] = valueStart;
    positions[at + 3] = valueEnd;
    this.count++;
  }

  has(name: AttributeName): boolean {
    return this.#find(name) >= 0;
  }

  /** The value, its references resolved; of several attributes of one name the first counts. */
  value(name: AttributeName): string | undefined {
    const at = this.#find(name);
    return at < 0 ? undefined : this.#valueAt(at);
  }

  /** All of them by name, as the tree has them. */
  all(): Record<string, string> {
    const all: Record<string, string> = {};
    for (let at = 0; at < this.count * FIELDS; at += FIELDS) {
      const name = this.#nameAt(at);
      // By assignment, as the tree builder does: __proto__ does not become an attribute.
      if (!Object.hasOwn(all, name)) all[name] = this.#valueAt(at);
    }
    return all;
  }

  #valueAt(at: number): string {
    const start = this.#positions[at + 2] ?? 0;
    const end = this.#positions[at + 3] ?? 0;
    return start === end ? '' : decodeAttribute(this.#chars.slice(start, end));
  }

  #nameAt(at: number): string {
    return this.#chars.slice(this.#positions[at] ?? 0, this.#positions[at + 1] ?? 0).toLowerCase();
  }

  #find(name: AttributeName): number {
    const positions = this.#positions;
    const end = this.count * FIELDS;
    for (let at = 0; at < end; at += FIELDS) {
      const start = positions[at] ?? 0;
      const length = (positions[at + 1] ?? 0) - start;
      if (name.isPlain && length === name.text.length && this.#matches(start, name.text)) return at;
      if (name.isOdd && this.#isOdd(start, start + length) && this.#nameAt(at) === name.text) return at;
    }
    return -1;
  }

  #matches(start: number, name: string): boolean {
    const raw = this.#raw;
    for (let i = 0; i < name.length; i++) {
      const c = raw.charCodeAt(start + i);
      const wanted = name.charCodeAt(i);
      if (c !== wanted && (c < 0x41 || c > 0x5a || c + 0x20 !== wanted)) return false;
    }
    return true;
  }

  /** Whether lower case may be more than a matter of bit 5. */
  #isOdd(start: number, end: number): boolean {
    if (this.#chars.isAscii) return false;
    for (let i = start; i < end; i++) if (this.#raw.charCodeAt(i) > 0x7f) return true;
    return false;
  }

  #grow(): void {
    const larger = new Int32Array(this.#positions.length * 2);
    larger.set(this.#positions);
    this.#positions = larger;
  }
}

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x09 || c === 0x0d || c === 0x0c;
}

function skipSpaces(raw: string, at: number): number {
  while (isSpace(raw.charCodeAt(at))) at++;
  return at;
}

/** The name of an attribute that a selector or a field asks for. */
export interface AttributeName {
  readonly text: string;
  /** Whether comparing characters can find it. */
  readonly isPlain: boolean;
  /** Whether a name with signs outside of ASCII can be it: the Kelvin sign is a `k` in lower case. */
  readonly isOdd: boolean;
}

export function attributeName(text: string): AttributeName {
  // Names are in lower case; one of them sets a prototype instead of an attribute.
  const exists = text !== '__proto__' && text === text.toLowerCase();
  const isAscii = /^[\0-\x7f]*$/.test(text);
  return { text, isPlain: exists && isAscii, isOdd: exists && (!isAscii || text.includes('k')) };
}
