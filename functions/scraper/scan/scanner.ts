import type { TreeLimits } from '../tree-limits.ts';
import { KEY_CHARS, NAME_END, NAME_ODD, nameClass, nameId, nameOfKeys, Trait, traitsOf, type NameTable } from './element-names.ts';
import { commentEnd, commentTextEnd, rawTextEnd, scriptEnd } from './markup-ends.ts';
import { OpenElements } from './open-elements.ts';
import { PageChars } from './page-chars.ts';
import { NoteKind, TextKind, type ScanSink } from './scan-sink.ts';
import { TagAttributes } from './tag-attributes.ts';

/** How a scan ended. */
export interface ScanEnd {
  /** How far the page was read, in characters of its {@link PageChars}. */
  readonly readTo: number;
  /** Elements, attributes, texts and comments met. */
  readonly nodes: number;
}

const SCRIPT = nameId('script');
const TEXT_ONLY = Trait.rawText | Trait.rcdata | Trait.plaintext;

/**
 * Reads a page tag by tag and tells a sink its elements and texts, as they are in the tree that it does not build.
 *
 * It goes from one `<` to the next and looks at nothing between; what is within a tag it notes as positions. Tags, texts and comments
 * are those of the HTML Standard (section 13.2.5, tokenization), but for what would cost a look at every character: line ends and NUL
 * stay as they are. Which elements they make is htmlparser2's matter (open-elements.ts).
 */
export class Scanner {
  readonly attributes: TagAttributes;
  readonly #names: NameTable;
  readonly #elements: OpenElements;
  #chars = PageChars.ofText('');
  #raw = '';
  #end = 0;
  /** Where the name that was read last ends. */
  #nameEnd = 0;

  constructor(names: NameTable) {
    this.#names = names;
    this.attributes = new TagAttributes(this.#chars);
    this.#elements = new OpenElements(this.attributes);
  }

  /**
   * @throws {RequestError} `too-complex`, as the tree builder.
   * @throws {Undecided} for a page that must be looked at backwards.
   */
  scan(chars: PageChars, limits: TreeLimits, sink: ScanSink): ScanEnd {
    this.#chars = chars;
    this.#raw = chars.raw;
    this.#end = chars.raw.length;
    this.#names.forget();
    this.attributes.reset(chars);
    this.#elements.reset(chars, limits, sink);
    try {
      const readTo = this.#read(chars.start, sink);
      if (!sink.done) this.#elements.finishAll();
      return { readTo, nodes: this.#elements.nodes };
    } finally {
      this.#elements.release();
    }
  }

  #read(start: number, sink: ScanSink): number {
    const raw = this.#raw;
    let at = start;
    let textStart = at;
    while (!sink.done) {
      // Where one tag follows another, looking costs less than calling what searches.
      const tag = raw.charCodeAt(at) === 0x3c ? at : raw.indexOf('<', at);
      if (tag < 0) {
        this.#text(textStart, this.#end, TextKind.data);
        return this.#end;
      }
      const c = raw.charCodeAt(tag + 1);
      if (isLetter(c)) {
        this.#text(textStart, tag, TextKind.data);
        at = this.#startTag(tag + 1);
      } else if (c === 0x2f && tag + 2 < this.#end) {
        this.#text(textStart, tag, TextKind.data);
        const d = raw.charCodeAt(tag + 2);
        if (isLetter(d)) at = this.#endTag(tag + 2);
        else if (d === 0x3e) at = tag + 3;
        else at = this.#note(tag + 2, NoteKind.comment);
      } else if (c === 0x21) {
        this.#text(textStart, tag, TextKind.data);
        at = this.#declaration(tag + 2);
      } else if (c === 0x3f) {
        this.#text(textStart, tag, TextKind.data);
        at = this.#note(tag + 1, NoteKind.comment);
      } else {
        // No tag: the sign is text, and what is behind it may begin one.
        at = tag + 1;
        continue;
      }
      textStart = at;
    }
    return at;
  }

  #startTag(start: number): number {
    const elements = this.#elements;
    const wasForeign = elements.isForeign;
    const name = this.#readName(start, true);
    const end = this.attributes.read(this.#nameEnd);
    // A tag in which the page breaks off is none.
    if (end < 0) return this.#end;
    const counts = elements.announce(name);
    elements.countAttributes();
    if (counts) {
      elements.begin(name);
      if (this.attributes.selfClosing) elements.closeItself(name);
    }
    const textOnly = wasForeign ? 0 : traitsOf(name) & TEXT_ONLY;
    return textOnly === 0 ? end : this.#textOnly(name, textOnly, end);
  }

  /** Content that is text up to the end tag. */
  #textOnly(name: number, trait: number, start: number): number {
    if (trait === Trait.plaintext) {
      this.#text(start, this.#end, TextKind.raw);
      return this.#end;
    }
    const end = name === SCRIPT ? scriptEnd(this.#raw, start) : rawTextEnd(this.#raw, start, this.#names.name(name));
    this.#text(start, end < 0 ? this.#end : end, trait === Trait.rawText ? TextKind.raw : TextKind.data);
    return end < 0 ? this.#end : this.#endTag(end + 2);
  }

  #endTag(start: number): number {
    const name = this.#readName(start, false);
    // Nearly all end right behind the name; attributes of others count for nothing, but a `>` in one does not end the tag.
    const end = this.#raw.charCodeAt(this.#nameEnd) === 0x3e ? this.#nameEnd + 1 : this.attributes.read(this.#nameEnd);
    if (end < 0) return this.#end;
    if (name >= 0) this.#elements.finish(name);
    return end;
  }

  /** What begins with `<!`; `at` is behind it. */
  #declaration(at: number): number {
    const raw = this.#raw;
    const c = raw.charCodeAt(at);
    if (c === 0x2d && raw.charCodeAt(at + 1) === 0x2d) return this.#comment(at + 2);
    if (c === 0x5b && this.#elements.isForeign && raw.startsWith('CDATA[', at + 1)) {
      const end = raw.indexOf(']]>', at + 7);
      this.#text(at + 7, end < 0 ? this.#end : end, TextKind.raw);
      return end < 0 ? this.#end : end + 3;
    }
    const isDoctype = (c | 0x20) === 0x64 && raw.slice(at, at + 7).toLowerCase() === 'doctype';
    return this.#note(at, isDoctype ? NoteKind.doctype : NoteKind.comment);
  }

  #comment(start: number): number {
    const end = commentEnd(this.#raw, start);
    const from = end < 0 ? this.#end : end;
    this.#elements.note(start, commentTextEnd(this.#raw, start, from, end >= 0), NoteKind.comment);
    return from;
  }

  /** A document type, or what becomes a comment: up to the next `>`. */
  #note(start: number, kind: number): number {
    const end = this.#raw.indexOf('>', start);
    this.#elements.note(start, end < 0 ? this.#end : end, kind);
    return end < 0 ? this.#end : end + 1;
  }

  #text(start: number, end: number, kind: number): void {
    if (start < end) this.#elements.text(start, end, kind);
  }

  /** The number of the name at a position; -1 for one that is unknown and not to be kept. */
  #readName(start: number, keeps: boolean): number {
    const raw = this.#raw;
    const end = this.#end;
    let at = start;
    let first = 0;
    let second = 0;
    let kind = 0;
    for (; at < end; at++) {
      const c = raw.charCodeAt(at);
      kind = c < 128 ? (nameClass[c] ?? NAME_ODD) : NAME_ODD;
      if (kind >= NAME_END) break;
      if (at - start < KEY_CHARS) first = (first << 6) | kind;
      else second = (second << 6) | kind;
    }
    let name = kind === NAME_ODD || at - start > 2 * KEY_CHARS ? -1 : nameOfKeys(first, second);
    while (at < end && kind !== NAME_END) kind = nameClass[raw.charCodeAt(++at)] ?? NAME_ODD;
    this.#nameEnd = at;
    if (name < 0) {
      const text = this.#chars.slice(start, at).toLowerCase();
      name = (keeps ? this.#names.intern(text) : this.#names.find(text)) ?? -1;
    }
    return this.#elements.adjusted(name);
  }
}

function isLetter(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a);
}
