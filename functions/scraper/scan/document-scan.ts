import type { CheerioAPI } from 'cheerio/slim';
import type { TreeLimits } from '../tree-limits.ts';
import { NameTable } from './element-names.ts';
import { Matcher, type Found, type Scope } from './matcher.ts';
import { PageChars } from './page-chars.ts';
import type { ScanInput } from './page-scan.ts';
import { ProgramBuilder } from './plan.ts';
import type { CompileContext, Program } from './program.ts';
import { Scanner } from './scanner.ts';
import type { TextPieces } from './text-pieces.ts';
import { Undecided } from './undecided.ts';

/** The selectors that code asks a document for, and for each the selectors that it looks up inside of what is found. */
export type Wanted = Readonly<Record<string, readonly string[]>>;

/**
 * Reads pages without a tree for code that is written for one, where all it asks for is known ahead: some selectors, the elements'
 * attributes and texts, and the text of the page.
 */
export class DocumentScan {
  readonly #context: CompileContext = { names: new NameTable(), uses: { index: false, indexOfType: false } };
  readonly #program: Program;
  readonly #selectors: readonly string[];
  readonly #inside: ReadonlyMap<string, readonly string[]>;
  readonly #scanner: Scanner;

  /** @throws {Undecided} for a selector that cannot be decided going forward. */
  constructor(wanted: Wanted) {
    const page = new ProgramBuilder(this.#context, true);
    this.#selectors = Object.keys(wanted);
    this.#inside = new Map(Object.entries(wanted));
    for (const [selector, inner] of Object.entries(wanted)) {
      const inside = new ProgramBuilder(this.#context, false);
      for (const one of inner) inside.add(one, { kind: 'element', inside: EMPTY }, true);
      page.add(selector, { kind: 'element', inside: inside.build() }, true);
    }
    this.#program = page.build();
    this.#scanner = new Scanner(this.#context.names);
  }

  /**
   * @returns the page as far as it was asked for, in the shape of cheerio's API; undefined where it needs the tree.
   * @throws {RequestError} `too-complex`, as building the tree would.
   */
  read(page: ScanInput, limits: TreeLimits): CheerioAPI | undefined {
    const chars = PageChars.of(page);
    const { attributes } = this.#scanner;
    const matcher = new Matcher({ program: this.#program, chars, attributes, context: this.#context, keepsText: true });
    try {
      this.#scanner.scan(chars, limits, matcher);
    } catch (error) {
      if (error instanceof Undecided) return undefined;
      throw error;
    }
    const { pieces } = matcher;
    const whole = new SeenNode({ ordinal: -1, from: 0, to: pieces.next }, pieces, []);
    const $ = (target: string | SeenNode): SeenNodes => {
      if (typeof target !== 'string') return new SeenNodes([target]);
      return new SeenNodes(nodesOf(matcher.page, this.#selectors, target, pieces, this.#inside.get(target)));
    };
    // Of the API that is what code such as describePage uses; it cannot ask for more without being noticed.
    return Object.assign($, { root: () => new SeenNodes([whole]) }) as unknown as CheerioAPI;
  }
}

const EMPTY = new ProgramBuilder({ names: new NameTable(), uses: { index: false, indexOfType: false } }, false).build();

function nodesOf(
  scope: Scope,
  selectors: readonly string[],
  selector: string,
  pieces: TextPieces,
  inside: readonly string[] = [],
): SeenNode[] {
  const found = scope.found[selectors.indexOf(selector)];
  if (!Array.isArray(found)) throw new TypeError(`The scan was not made for the selector ${JSON.stringify(selector)}.`);
  return found.map((one) => new SeenNode(one, pieces, inside));
}

/** A child of a node, as a reader's text is made of: a text, or a line break for the edge of a block. */
interface SeenPart {
  readonly nodeType: number;
  readonly parent: SeenNode;
  readonly data?: string;
  readonly name?: string;
  readonly children?: readonly never[];
  next: SeenPart | null;
}

/** An element as it was seen, or the page: a node whose children are the texts that a reader sees in it. */
class SeenNode {
  readonly type = 'tag';
  readonly nodeType: number;
  readonly parent = null;
  readonly next = null;
  readonly name: string;
  readonly attribs: Readonly<Record<string, string>>;
  readonly #found: Found;
  readonly #pieces: TextPieces;
  readonly #selectors: readonly string[];
  #children: SeenPart[] | undefined;

  constructor(found: Found, pieces: TextPieces, selectors: readonly string[]) {
    this.nodeType = found.name === undefined ? 9 : 1;
    this.name = found.name ?? '';
    this.attribs = found.attributes ?? {};
    this.#found = found;
    this.#pieces = pieces;
    this.#selectors = selectors;
  }

  get children(): readonly SeenPart[] {
    this.#children ??= this.#parts();
    return this.#children;
  }

  textContent(): string {
    return this.#pieces.all(this.#found.from ?? 0, this.#found.to ?? 0);
  }

  find(selector: string): SeenNode[] {
    const { scope } = this.#found;
    return scope ? nodesOf(scope, this.#selectors, selector, this.#pieces) : [];
  }

  #parts(): SeenPart[] {
    const parts = this.#pieces.seen(this.#found.from ?? 0, this.#found.to ?? 0).map((data): SeenPart => {
      if (data === undefined) return { nodeType: 1, name: 'br', children: [], parent: this, next: null };
      return { nodeType: 3, data, parent: this, next: null };
    });
    for (const [i, part] of parts.entries()) part.next = parts[i + 1] ?? null;
    return parts;
  }
}

/** Several of them, with the methods that cheerio gives a selection. */
class SeenNodes implements Iterable<SeenNode> {
  readonly #nodes: readonly SeenNode[];
  readonly 0: SeenNode | undefined;

  constructor(nodes: readonly SeenNode[]) {
    this.#nodes = nodes;
    this[0] = nodes[0];
  }

  get length(): number {
    return this.#nodes.length;
  }

  [Symbol.iterator](): Iterator<SeenNode> {
    return this.#nodes[Symbol.iterator]();
  }

  toArray(): readonly SeenNode[] {
    return this.#nodes;
  }

  first(): SeenNodes {
    return new SeenNodes(this.#nodes.slice(0, 1));
  }

  attr(name: string): string | undefined {
    const attribs = this.#nodes[0]?.attribs;
    return attribs && Object.hasOwn(attribs, name) ? attribs[name] : undefined;
  }

  text(): string {
    return this.#nodes.map((node) => node.textContent()).join('');
  }

  find(selector: string): SeenNodes {
    return new SeenNodes(this.#nodes.flatMap((node) => node.find(selector)));
  }
}
