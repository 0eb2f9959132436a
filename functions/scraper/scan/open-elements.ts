import { tooComplex, type TreeLimits } from '../tree-limits.ts';
import { endBitOf, endedBy, KNOWN_NAMES, nameId, svgName, Trait, traitsOf } from './element-names.ts';
import { PageChars } from './page-chars.ts';
import { CONTINUES, type ScanSink } from './scan-sink.ts';
import type { TagAttributes } from './tag-attributes.ts';
import { textOf } from './text-of.ts';
import { Undecided } from './undecided.ts';

const HTML = nameId('html');
const FORM = nameId('form');
const IMAGE = nameId('image');
const IMG = nameId('img');
const BR = nameId('br');
const P = nameId('p');
const SVG = nameId('svg');
/** For what is no element. */
const NO_NAME = -1;
const CONTEXT = Trait.foreign | Trait.integration;

/** What rules hold inside of an element. */
const Context = { html: 0, svg: 1, math: 2 } as const;

const NOTHING: ScanSink = { open() {}, close() {}, text() {}, blank() {}, note() {}, joinHtml() {}, done: true };

/**
 * What htmlparser2's parser and the tree builder (page-tree.ts) make of tags and texts: which elements are open, which of them a tag
 * ends, the one `html` element around all content, and the limits of the tree.
 *
 * Nesting and nodes are counted as the tree counts them, so that a page is too complex for both or for none, as far as it is read.
 * Nodes cost no memory here; the bound is kept because a page must not pass or fail by how it is read.
 */
export class OpenElements {
  readonly #attributes: TagAttributes;
  #sink = NOTHING;
  #chars = PageChars.ofText('');
  #maxNesting = 0;
  #maxNodes = 0;
  #nodes = 0;
  /** Names of the elements whose tags are open, the outermost at 1. */
  #stack = new Int32Array(0);
  #depth = 0;
  /** Elements that the tree builder has open beyond those: 1 where the content has no `html` tag around it. */
  #added = 0;
  /** Open `html` tags that are no element of their own. */
  #joined = 0;
  #hasHtml = false;
  /** How many elements of each name are open. */
  #open = new Int32Array(2 * KNOWN_NAMES);
  /** Contexts around the open elements that begin one. */
  readonly #contexts: number[] = [];
  #context: number = Context.html;
  /** Whether the tree would add the next text to the one before, and whether that stands beside the html element. */
  #inText = false;
  #isBeside = false;

  constructor(attributes: TagAttributes) {
    this.#attributes = attributes;
  }

  /** Elements, attributes, texts and comments so far. */
  get nodes(): number {
    return this.#nodes;
  }

  /** Whether the rules of drawings or formulas hold. */
  get isForeign(): boolean {
    return this.#context !== Context.html;
  }

  reset(chars: PageChars, limits: TreeLimits, sink: ScanSink): void {
    this.#chars = chars;
    this.#sink = sink;
    this.#maxNesting = limits.maxNesting;
    this.#maxNodes = limits.maxNodes;
    this.#nodes = 0;
    if (this.#stack.length < limits.maxNesting + 2) this.#stack = new Int32Array(limits.maxNesting + 2);
    this.#depth = 0;
    this.#added = 0;
    this.#joined = 0;
    this.#hasHtml = false;
    this.#open.fill(0);
    this.#contexts.length = 0;
    this.#context = Context.html;
    this.#inText = false;
    this.#isBeside = false;
  }

  /** Lets go of the sink, which may hold a whole tree, until the next page. */
  release(): void {
    this.#sink = NOTHING;
  }

  /** A name that means another where it stands; -1 stays. */
  adjusted(name: number): number {
    if (this.#contexts.length === 0) return name === IMAGE ? IMG : name;
    if (this.#context === Context.svg) return svgName(name);
    const inSvg = svgName(name);
    if (inSvg !== name && (this.#open[inSvg] ?? 0) > 0) return inSvg;
    return name === IMAGE && this.#context === Context.html ? IMG : name;
  }

  /** The name of a start tag was read. @returns whether the tag counts: a form inside of a form does not. */
  announce(name: number): boolean {
    if (name === FORM && (this.#open[FORM] ?? 0) > 0) return false;
    const ends = endedBy(name);
    if (ends !== 0) while (this.#depth > 0 && (endBitOf(this.#stack[this.#depth] ?? 0) & ends) !== 0) this.#pop();
    return true;
  }

  /** The attributes of a start tag were read. @throws {RequestError} `too-complex`. */
  countAttributes(): void {
    this.#count(this.#attributes.count);
  }

  /** A start tag has ended. @throws {RequestError} `too-complex`. */
  begin(name: number): void {
    if (name === HTML && this.#hasHtml) {
      this.#join();
      return;
    }
    this.#count(1);
    if (this.#isOutside()) this.#enterHtml(name);
    this.#checkNesting();
    this.#inText = false;
    const depth = this.#treeDepth() + 1;
    const traits = traitsOf(name);
    if ((traits & Trait.void) !== 0) {
      this.#sink.open(name, depth);
      this.#sink.close(name, depth);
      return;
    }
    this.#push(name);
    if ((traits & CONTEXT) !== 0) {
      this.#contexts.push(this.#context);
      this.#context = (traits & Trait.foreign) === 0 ? Context.html : name === SVG ? Context.svg : Context.math;
    }
    this.#sink.open(name, depth);
  }

  /** The start tag that has just ended closes itself, which counts in drawings only. */
  closeItself(name: number): void {
    if (this.isForeign && this.#depth > 0 && this.#stack[this.#depth] === name) this.#pop();
  }

  /** An end tag. @throws {RequestError} `too-complex`. */
  finish(name: number): void {
    if ((this.#open[name] ?? 0) > 0) {
      while (this.#stack[this.#depth] !== name) this.#pop();
      this.#pop();
    } else if (name === P || name === BR) {
      this.#attributes.count = 0;
      this.begin(name);
      if (name === P) this.#pop();
    }
  }

  /** The page has ended. */
  finishAll(): void {
    while (this.#depth > 0) this.#pop();
    if (this.#hasHtml) this.#sink.close(HTML, 1);
  }

  /** A comment or its like. @throws {RequestError} `too-complex`. */
  note(start: number, end: number, kind: number): void {
    this.#count(1);
    this.#inText = false;
    this.#sink.note(start, end, kind, this.#treeDepth());
  }

  /** A text, which is not empty. @throws {RequestError} `too-complex`. */
  text(start: number, end: number, kind: number): void {
    if (this.#inText) this.#goOn(start, end, kind);
    else this.#beginText(start, end, kind);
  }

  /** Whether the tree builder stands beside the html element, or before it. */
  #isOutside(): boolean {
    return this.#depth + this.#added === 0;
  }

  /** Depth in the tree of the innermost open element. */
  #treeDepth(): number {
    return this.#depth + this.#added - this.#joined;
  }

  /** Content outside of the html element goes into it; a page without one gets one. */
  #enterHtml(name: number): void {
    if (name !== HTML) {
      this.#added = 1;
      if (!this.#hasHtml) {
        this.#count(1);
        const { count } = this.#attributes;
        this.#attributes.count = 0;
        this.#sink.open(HTML, 1);
        this.#attributes.count = count;
      }
    }
    this.#hasHtml = true;
  }

  /** A further html tag only adds its attributes to the one element: content stays in what is open. */
  #join(): void {
    if (this.#attributes.count > 0) this.#sink.joinHtml();
    this.#checkNesting();
    if (!this.#isOutside()) this.#joined++;
    this.#push(HTML);
  }

  #push(name: number): void {
    if (name >= this.#open.length) {
      const larger = new Int32Array(2 * name);
      larger.set(this.#open);
      this.#open = larger;
    }
    this.#stack[++this.#depth] = name;
    this.#open[name] = (this.#open[name] ?? 0) + 1;
  }

  #pop(): void {
    const name = this.#stack[this.#depth] ?? 0;
    const depth = this.#treeDepth();
    this.#depth--;
    this.#open[name] = (this.#open[name] ?? 1) - 1;
    if ((traitsOf(name) & CONTEXT) !== 0) this.#context = this.#contexts.pop() ?? Context.html;
    this.#inText = false;
    if (name !== HTML) this.#sink.close(name, depth);
    // The html element goes on behind its end tag.
    else if (!this.#isOutside()) this.#joined--;
  }

  #beginText(start: number, end: number, kind: number): void {
    this.#inText = true;
    this.#count(1);
    // Blanks stay outside of the html element, where no field looks for them.
    this.#isBeside = this.#isOutside() && this.#isBlank(start, end, kind);
    if (this.#isBeside) {
      this.#sink.blank(start, end, kind);
      return;
    }
    if (this.#isOutside()) this.#enterHtml(NO_NAME);
    this.#sink.text(start, end, kind);
  }

  /** More of a text that ignored tags have interrupted. */
  #goOn(start: number, end: number, kind: number): void {
    if (!this.#isBeside) this.#sink.text(start, end, kind | CONTINUES);
    else if (this.#isBlank(start, end, kind)) this.#sink.blank(start, end, kind | CONTINUES);
    else throw new Undecided('text beside the html element');
  }

  #isBlank(start: number, end: number, kind: number): boolean {
    return textOf(this.#chars, start, end, kind).trim() === '';
  }

  #count(nodes: number): void {
    this.#nodes += nodes;
    if (this.#nodes > this.#maxNodes) throw tooComplex(`holds more than ${this.#maxNodes} nodes`, 'limits.maxNodes');
  }

  /** Whether one more element may be open. */
  #checkNesting(): void {
    if (this.#depth + this.#added < this.#maxNesting) return;
    throw tooComplex(`nests more than ${this.#maxNesting} elements`, 'limits.maxNesting');
  }
}
