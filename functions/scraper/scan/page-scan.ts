import type { PageDefinition } from '../definition.ts';
import { isField, isList } from '../extract.ts';
import type { Field, FieldMap, FieldSpec, NestedMap } from '../extract-types.ts';
import type { ElementNode } from '../page-tree.ts';
import type { TreeLimits } from '../tree-limits.ts';
import { NameTable } from './element-names.ts';
import { Matcher, MatchCount, type Found } from './matcher.ts';
import { PageChars } from './page-chars.ts';
import { ProgramBuilder, type Plan } from './plan.ts';
import type { CompileContext, Program } from './program.ts';
import { ScannedExtraction, type ExtractionPage } from './scanned-extraction.ts';
import { Scanner } from './scanner.ts';
import { attributeName } from './tag-attributes.ts';
import { Undecided } from './undecided.ts';

type Declared = Pick<PageDefinition<string>, 'extract' | 'each' | 'follow'>;

/** What a scan takes of a fetched page. */
export interface ScanInput {
  readonly body: Buffer;
  readonly charset: string;
  readonly text: () => string;
}

/** Where the parts of a page type stand among what its program looks for. */
interface Parts {
  /** Of the item; of each of them where `each` is there. */
  readonly plan: Plan | undefined;
  readonly each: number | undefined;
  readonly base: number | undefined;
  readonly follow: readonly { readonly selector: string; readonly pageName: string; readonly target: number }[];
}

/**
 * Compiles what a page type declares, so that its fields are found while a page is read, without a tree.
 *
 * @returns undefined where it needs the tree: for selectors that look at what is behind or inside of an element (`:has`,
 * `:last-child`, `:contains` …), cheerio's own extensions, functions of the tree, and markup as a value.
 */
export function compileScan({ extract, each, follow }: Declared): PageScan | undefined {
  const context: CompileContext = { names: new NameTable(), uses: { index: false, indexOfType: false } };
  const page = new ProgramBuilder(context, true);
  try {
    const item = each === undefined ? page : new ProgramBuilder(context, false);
    const plan = extract && item.addMap(extract);
    const parts: Parts = {
      plan,
      each: each === undefined ? undefined : page.add(each, { kind: 'scope', program: item.build() }, true),
      // What addresses are relative to stands anywhere in a page, so it is looked for only where it matters.
      base:
        follow || anyField(extract, isAddress)
          ? page.add('base[href]', { kind: 'attribute', name: attributeName('href') }, false)
          : undefined,
      follow: Object.entries(follow ?? {}).map(([selector, pageName]) => ({
        selector,
        pageName,
        target: page.add(selector, { kind: 'attributes' }, true),
      })),
    };
    return new PageScan(context, page.build(), parts, {
      clock: each !== undefined || anyField(extract, needsClock),
      // A function of the text may ask for the tree.
      wholePage: anyField(extract, ({ as }) => typeof as === 'function'),
    });
  } catch (error) {
    if (error instanceof Undecided) return undefined;
    throw error;
  }
}

const scans = new WeakMap<Declared, PageScan | 'needs the tree'>();

/** The same, once for each page type. */
export function scanOf(declared: Declared): PageScan | undefined {
  let scan = scans.get(declared);
  if (!scan) {
    scan = compileScan(declared) ?? 'needs the tree';
    scans.set(declared, scan);
  }
  return typeof scan === 'string' ? undefined : scan;
}

/** A page type that is nothing but its addresses. */
const ADDRESSES: Declared = { follow: {} };

/**
 * What relative addresses of a page resolve against, found without a tree.
 *
 * @returns undefined where the page needs the tree.
 * @throws {RequestError} `too-complex`, as building the tree would, if the page is that before its `base`.
 */
export function baseUrlByScan(page: ScanInput, pageUrl: string, limits: TreeLimits): string | undefined {
  return scanOf(ADDRESSES)?.read(page, limits)?.baseUrl(pageUrl);
}

/** A compiled page type. Reads any number of pages, one at a time. */
export class PageScan {
  /**
   * Whether making its items runs code of the scraper's own (functions, regular expressions), or maps inside of elements, which can
   * multiply: work that only a clock bounds. All else takes a time proportional to the page.
   */
  readonly needsClock: boolean;
  /** Whether the beginning of a page may be all it takes: every field has one value, or a limit, and none sees more than its match. */
  readonly canEndEarly: boolean;
  readonly #context: CompileContext;
  readonly #program: Program;
  readonly #parts: Parts;
  readonly #scanner: Scanner;

  constructor(context: CompileContext, program: Program, parts: Parts, needs: { readonly clock: boolean; readonly wholePage: boolean }) {
    this.#context = context;
    this.#program = program;
    this.#parts = parts;
    this.needsClock = needs.clock;
    this.canEndEarly = parts.plan !== undefined && !program.needsAll && !needs.wholePage;
    this.#scanner = new Scanner(context.names);
  }

  /**
   * Finds everything that the page type wants of a page, and reads no further than that takes.
   *
   * @returns undefined where this one page needs the tree.
   * @throws {RequestError} `too-complex`, as building the tree would, for what had to be read of the page.
   */
  read(page: ScanInput, limits: TreeLimits): ScannedPage | undefined {
    const chars = PageChars.of(page);
    const matcher = new Matcher({ program: this.#program, chars, attributes: this.#scanner.attributes, context: this.#context });
    try {
      const { readTo } = this.#scanner.scan(chars, limits, matcher);
      return new ScannedPage(matcher, this.#parts, readTo, readTo < chars.raw.length);
    } catch (error) {
      if (error instanceof Undecided) return undefined;
      throw error;
    }
  }
}

/** What a scan has found on one page. */
export class ScannedPage {
  /** How far the page was read: bytes of a body in UTF-8, characters of the text otherwise. What is behind was not needed. */
  readonly readTo: number;
  /** Whether all was found before the page's end, so that what follows makes no difference. */
  readonly endedEarly: boolean;
  readonly #matcher: Matcher;
  readonly #parts: Parts;

  constructor(matcher: Matcher, parts: Parts, readTo: number, endedEarly: boolean) {
    this.#matcher = matcher;
    this.#parts = parts;
    this.readTo = readTo;
    this.endedEarly = endedEarly;
  }

  /**
   * What relative addresses resolve against: the first `<base href>`, else the page's URL. Known only where the page type has addresses,
   * which are the page's URL otherwise.
   *
   * @see HTML, section 4.2.3.
   */
  baseUrl(pageUrl: string): string {
    const found = this.#parts.base === undefined ? undefined : this.#matcher.page.found[this.#parts.base];
    const href = Array.isArray(found) || found instanceof MatchCount ? undefined : found?.value;
    const base = href === undefined ? undefined : URL.parse(href.trim(), pageUrl);
    return base && /^https?:$/.test(base.protocol) ? base.href : pageUrl;
  }

  /**
   * The items, one after another.
   *
   * @throws {RequestError} `invalid-item`, `too-complex`, as extraction from the tree.
   */
  *items(page: ExtractionPage): Generator<Record<string, unknown>> {
    const { plan, each } = this.#parts;
    if (!plan) return;
    const extraction = new ScannedExtraction(page, this.#matcher.pieces);
    if (each === undefined) yield extraction.map(plan, this.#matcher.page);
    else for (const { scope } of this.#list(each)) if (scope) yield extraction.map(plan, scope);
  }

  /** The elements that lead to other pages, as far as `follow` looks at them: by selector, in the order of the definition. */
  *follow(): Generator<{ readonly pageName: string; readonly elements: readonly ElementNode[] }> {
    for (const { pageName, target } of this.#parts.follow) {
      const elements = this.#list(target).map(({ attributes = {} }) => ({ type: 'tag', parent: null, attribs: attributes }));
      // Their place in a tree is nothing that links are made of.
      yield { pageName, elements: elements as unknown as ElementNode[] };
    }
  }

  #list(target: number): readonly Found[] {
    const found = this.#matcher.page.found[target];
    return Array.isArray(found) ? found : [];
  }
}

/** Whether a field of a map, or of a map inside of it, is such a one. */
function anyField(map: FieldMap | NestedMap | undefined, is: (field: Field) => boolean): boolean {
  return Object.values(map ?? {}).some((spec: FieldSpec | undefined) => {
    const one: FieldSpec | undefined = spec && isList(spec) ? spec[0] : spec;
    if (typeof one !== 'object' || isList(one)) return false;
    if (!isField(one)) return anyField(one, is);
    return is(one) || (typeof one.value === 'object' && anyField(one.value, is));
  });
}

function isAddress(field: Field): boolean {
  return field.as === 'url' || field.as === 'file' || field.value === 'href' || field.value === 'src';
}

function needsClock(field: Field): boolean {
  return field.match !== undefined || typeof field.as === 'function' || typeof field.value === 'object';
}
