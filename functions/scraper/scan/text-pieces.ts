import { collapse } from '../page-text.ts';
import { Trait } from './element-names.ts';
import type { PageChars } from './page-chars.ts';
import { CONTINUES } from './scan-sink.ts';
import { textOf } from './text-of.ts';

/** What a piece is where it is no text: the edge of a block, or an end of an element that some texts leave out. */
const EDGE = -1;
const UNSEEN = -2;
const CODE = -3;
const END = -4;
/** Bits for the kind of a text, below those of its start; with a page of 100 MB, the most that is fetched, both fit 31. */
const KIND_BITS = 2;
const KIND = 1;

/**
 * The texts of a page between the elements that fields ask for, as positions in the page.
 *
 * Fields refer to a run of pieces, from one index to another: what lies in several of them is kept once.
 */
export class TextPieces {
  readonly #chars: PageChars;
  /** Two numbers each: where it starts and its kind, where it ends; or what else it is, and nothing. */
  #pieces = new Int32Array(64);
  #length = 0;
  /** Characters of all texts so far, before references are resolved. */
  chars = 0;

  constructor(chars: PageChars) {
    this.#chars = chars;
  }

  /** The index that the next piece gets. */
  get next(): number {
    return this.#length;
  }

  text(start: number, end: number, kind: number): void {
    this.chars += end - start;
    this.#add((start << KIND_BITS) | kind, end);
  }

  /** An element begins inside of what is kept. */
  open(traits: number): void {
    if ((traits & Trait.block) !== 0) this.#add(EDGE, 0);
    else if ((traits & Trait.code) !== 0) this.#add(CODE, 0);
    else if ((traits & Trait.unseen) !== 0) this.#add(UNSEEN, 0);
  }

  close(traits: number): void {
    if ((traits & Trait.block) !== 0) this.#add(EDGE, 0);
    else if ((traits & (Trait.code | Trait.unseen)) !== 0) this.#add(END, 0);
  }

  /** As `readableText` on a tree: what a reader sees, words apart, white space collapsed, no longer than `maxChars`. */
  readable(from: number, to: number, maxChars: number): string {
    let text = '';
    let chars = 0;
    let hidden = 0;
    for (let at = from; at < to; at += 2) {
      const head = this.#pieces[at] ?? 0;
      // On a tree, the walk ends behind a text node, never within one.
      if (chars > maxChars && (head < 0 || (head & CONTINUES) === 0)) break;
      if (head === UNSEEN || head === CODE) hidden++;
      else if (head === END) hidden--;
      else if (hidden > 0) continue;
      else if (head === EDGE) text += ' ';
      else {
        const piece = this.#textAt(at);
        chars += piece.length;
        text += piece;
      }
    }
    const clean = collapse(text);
    return clean.length > maxChars ? clean.slice(0, maxChars) : clean;
  }

  /** The same before it is cleaned: the texts of the tree's nodes, and undefined for the edge of a block. */
  seen(from: number, to: number): (string | undefined)[] {
    const parts: (string | undefined)[] = [];
    let hidden = 0;
    for (let at = from; at < to; at += 2) {
      const head = this.#pieces[at] ?? 0;
      if (head === UNSEEN || head === CODE) hidden++;
      else if (head === END) hidden--;
      else if (hidden > 0) continue;
      else if (head === EDGE) parts.push(undefined);
      else if ((head & CONTINUES) !== 0 && parts.length > 0) parts.push((parts.pop() ?? '') + this.#textAt(at));
      else parts.push(this.#textAt(at));
    }
    return parts;
  }

  /** As the DOM's `textContent`. */
  all(from: number, to: number): string {
    let text = '';
    for (let at = from; at < to; at += 2) if ((this.#pieces[at] ?? 0) >= 0) text += this.#textAt(at);
    return text;
  }

  /** As `innerText` of domutils: without scripts and styles. */
  withoutCode(from: number, to: number): string {
    let text = '';
    let depth = 0;
    /** Depth from which on nothing counts. */
    let hiddenFrom = Infinity;
    for (let at = from; at < to; at += 2) {
      const head = this.#pieces[at] ?? 0;
      if (head === UNSEEN || head === CODE) {
        depth++;
        if (head === CODE && depth < hiddenFrom) hiddenFrom = depth;
      } else if (head === END) {
        if (depth === hiddenFrom) hiddenFrom = Infinity;
        depth--;
      } else if (head >= 0 && depth < hiddenFrom) text += this.#textAt(at);
    }
    return text;
  }

  #textAt(at: number): string {
    const head = this.#pieces[at] ?? 0;
    return textOf(this.#chars, head >> KIND_BITS, this.#pieces[at + 1] ?? 0, head & KIND);
  }

  #add(head: number, end: number): void {
    if (this.#length === this.#pieces.length) {
      const larger = new Int32Array(this.#pieces.length * 2);
      larger.set(this.#pieces);
      this.#pieces = larger;
    }
    this.#pieces[this.#length++] = head;
    this.#pieces[this.#length++] = end;
  }
}
