import type { CheerioAPI } from 'cheerio/slim';
import { decodeText } from '../fetch/charset.ts';
import type { FetchedPage } from '../fetch/types.ts';
import { RequestError } from '../job/errors.ts';
import type { Json, Request } from '../job/request.ts';
import type { PageDefinition, ParseContext } from './definition.ts';
import { Downloads } from './downloads.ts';
import { longestMatch } from './explain-empty.ts';
import { Extraction, isField, isList } from './extract.ts';
import type { FieldMap, FieldSpec, ItemFrom } from './extract-types.ts';
import { baseUrlOf, canonicalOf, Follow, Links } from './links.ts';
import { firstLine, PageItems } from './page-items.ts';
import { nextPageLink } from './pagination.ts';
import { buildTree, type ParserName, type Selection } from './page-tree.ts';
import { baseUrlByScan, scanOf, type PageScan, type ScanInput } from './scan/page-scan.ts';
import { placeOf } from './scraper-place.ts';
import type { OptionValues } from './scraper-options.ts';
import { issuePath, type SchemaResult } from './standard-schema.ts';
import { OutOfTime, withinTime } from './time-limit.ts';
import type { PageYield, RunContext } from './types.ts';
import { inTurn } from './watched-turns.ts';

/** What running a page needs of its scraper. */
export interface PageRules {
  readonly scraper: string;
  /** Where the scraper is written, for messages. */
  readonly file: string | undefined;
  readonly firstPage: string;
  readonly parser: ParserName;
  /** Encoding Standard name that pages are read in, whatever they say; absent: as they say. */
  readonly charset: string | undefined;
  readonly follow: OptionValues<'follow'>;
  readonly limits: OptionValues<'limits'>;
}

/**
 * Runs one page type over one page.
 *
 * @throws {RequestError} `parse`, `invalid-item`, `too-complex`.
 */
export async function runPage(
  rules: PageRules,
  pageName: string,
  definition: PageDefinition<string>,
  request: Request,
  page: FetchedPage,
  context: RunContext,
): Promise<PageYield> {
  const run = new PageRun(rules, pageName, definition, request, page, context);
  try {
    return await run.work();
  } catch (error) {
    throw named(error, rules, pageName);
  }
}

class PageRun {
  readonly #rules: PageRules;
  readonly #pageName: string;
  readonly #definition: PageDefinition<string>;
  readonly #request: Request;
  readonly #page: FetchedPage;
  readonly #context: RunContext;
  /** When the page's time is up; it runs from the page's turn. */
  #deadlineMs = Number.POSITIVE_INFINITY;
  readonly #items: PageItems;
  readonly #found: (Json | Promise<Json>)[] = [];
  readonly #follows: Request[] = [];
  #text: string | undefined;
  #tree: CheerioAPI | undefined;
  #baseUrl: string | undefined;
  #links: Links | undefined;
  #extraction: Extraction | undefined;
  #downloads: Downloads | undefined;

  constructor(
    rules: PageRules,
    pageName: string,
    definition: PageDefinition<string>,
    request: Request,
    page: FetchedPage,
    context: RunContext,
  ) {
    this.#rules = rules;
    this.#pageName = pageName;
    this.#definition = definition;
    this.#request = request;
    this.#page = page;
    this.#context = context;
    this.#items = new PageItems(rules.limits);
  }

  async work(): Promise<PageYield> {
    const { parse, schema } = this.#definition;
    const scan = this.#scan();
    if (parse) await this.#parse(parse);
    else if (!scan) await this.#turn(() => this.#declared());
    else if (scan.needsClock || schema) await this.#turn(() => this.#scanned(scan) || this.#declared());
    // Its time is bounded by the page's size: no watchdog.
    else if (!this.#scanned(scan)) await this.#turn(() => this.#declared());
    const isAwaited = this.#found.some((item) => item instanceof Promise);
    const items = isAwaited ? await this.#inTime(Promise.all(this.#found.map((item) => Promise.resolve(item)))) : (this.#found as Json[]);
    // Code of the scraper's own may have kept what it was given of the page.
    if (this.#context.isLast && !parse) this.#page.release?.();
    const downloads = this.#downloads?.requests.map((request) => this.#items.detach(request) as unknown as Request) ?? [];
    return { items, follows: [...this.#follows, ...downloads], dropped: this.#links?.dropped ?? {} };
  }

  async #parse(parse: NonNullable<PageDefinition<string>['parse']>): Promise<void> {
    const yielded = await this.#turn(() => {
      const iterable: unknown = parse(this.#parseContext());
      if (isSync(iterable)) for (const one of iterable) this.#take(one);
      else if (isAsync(iterable)) return iterable[Symbol.asyncIterator]();
      else throw new TypeError('parse gave nothing to iterate over. Write it as a generator: *parse({ $ }) { yield … }');
      return undefined;
    });
    if (!yielded) return;
    let done = false;
    try {
      while (!done) {
        const next = await this.#inTime(this.#step(() => yielded.next()));
        if (next.done) done = true;
        else this.#step(() => this.#take(next.value));
      }
    } finally {
      // Lets a generator that was left early close what it has open; the page's verdict does not wait for it.
      if (!done) yielded.return?.().catch(() => undefined);
    }
  }

  /** How the page can be read without its tree; undefined where nothing is declared, or only the tree can tell. */
  #scan(): PageScan | undefined {
    // An author who asks why a field is empty gets a search for it, which takes the tree.
    return this.#isScannable() && !this.#context.onEmpty ? scanOf(this.#definition) : undefined;
  }

  /** The declared form without a tree. @returns whether that was possible. */
  #scanned(scan: PageScan): boolean {
    const { url } = this.#page;
    const seen = scan.read(this.#scanInput(), this.#rules.limits);
    if (!seen) return false;
    this.#baseUrl = seen.baseUrl(url);
    const items = seen.items({
      url,
      absolute: (address) => this.#linksOnce().absolute(address),
      download: (address) => this.#downloadsOnce().add(address),
      tree: () => this.#treeOnce(),
    });
    for (const item of items) this.#take(item);
    for (const { pageName, elements } of seen.follow()) this.#take(this.#linksOnce().follow(elements, pageName));
    return true;
  }

  /** The declared form on the tree: fields and links. */
  #declared(): void {
    const { extract, each, follow } = this.#definition;
    const scopes =
      each === undefined
        ? [this.#treeOnce().root()]
        : this.#treeOnce()(each)
            .toArray()
            .map((element) => this.#treeOnce()(element));
    if (each !== undefined && scopes.length === 0) this.#explainNone('(each)', each);
    if (extract) for (const scope of scopes) this.#take(this.#extractionOnce().map(extract, scope));
    for (const [selector, name] of Object.entries(follow ?? {})) {
      const links = this.#treeOnce()(selector);
      if (links.length === 0) this.#explainNone('(follow)', selector);
      this.#take(this.#linksOnce().follow(links, name));
    }
  }

  /** Tells an author, where one listens, how far a selector of the page type matches that finds nothing. */
  #explainNone(field: string, selector: string): void {
    if (!this.#context.onEmpty) return;
    const matches = longestMatch(selector, this.#treeOnce().root());
    this.#context.onEmpty({ field, selector, ...(matches && { matches }) });
  }

  /** Takes one thing that the page gave. */
  #take(value: unknown): void {
    if (value instanceof Follow) {
      for (const taken of this.#linksOnce().take(value)) {
        // A URL is a string of its own; what the scraper adds may be cut from the page.
        const own = taken.data === undefined && taken.body === undefined && taken.headers === undefined;
        this.#follows.push(own ? taken : (this.#items.detach(taken) as unknown as Request));
      }
      return;
    }
    if (typeof value === 'object' && value !== null && this.#downloads?.has(value)) return;
    this.#items.admit(value);
    const schema = this.#definition.schema?.['~standard'];
    if (!schema) {
      this.#found.push(this.#items.detach(value));
      return;
    }
    const result = schema.validate(value);
    const checked = result instanceof Promise ? result.then((r) => this.#checked(r)) : this.#checked(result);
    // It is awaited with all others at the end; one that fails before that must not count as unhandled.
    if (checked instanceof Promise) checked.catch(() => undefined);
    this.#found.push(checked);
  }

  #checked(result: SchemaResult<unknown>): Json {
    if (!result.issues) return this.#items.detach(result.value);
    const issues = result.issues.slice(0, 5).map((issue) => {
      const path = issuePath(issue);
      const selector = selectorOf(this.#definition.extract, path);
      return `${path || 'the item'}${selector === undefined ? '' : ` (selector ${JSON.stringify(selector)})`}: ${issue.message}`;
    });
    const more = result.issues.length > issues.length ? ` and ${result.issues.length - issues.length} more` : '';
    throw new RequestError('invalid-item', `The item fails its schema: ${issues.join('; ')}${more}.`);
  }

  /** Begins the page's work, and its time, when it is its turn. */
  #turn<T>(work: () => T): Promise<Awaited<T>> {
    const { parseTime } = this.#rules.limits;
    return inTurn(parseTime, () => {
      this.#deadlineMs = performance.now() + parseTime;
      return work();
    });
  }

  /** Runs a further piece of the page's work in what is left of its time. */
  #step<T>(work: () => T): T {
    const left = this.#deadlineMs - performance.now();
    if (left <= 0) throw new OutOfTime();
    return withinTime(left, work);
  }

  /** Awaits no longer than the page's time. */
  async #inTime<T>(promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new OutOfTime()), Math.max(0, this.#deadlineMs - performance.now()));
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #treeOnce(): CheerioAPI {
    if (!this.#tree) {
      const startedMs = performance.now();
      this.#tree = this.#build(this.#textOnce(), this.#isXml());
      this.#context.onTree?.(performance.now() - startedMs);
    }
    return this.#tree;
  }

  #build(markup: string, xml: boolean): CheerioAPI {
    return buildTree(markup, { ...this.#rules.limits, parser: this.#parser(), xml, baseUrl: this.#page.url });
  }

  #parser(): ParserName {
    return this.#definition.parser ?? this.#rules.parser;
  }

  /** Whether the page's tree would be one that a scan can do without. */
  #isScannable(): boolean {
    return this.#parser() === 'htmlparser2' && !this.#isXml();
  }

  #scanInput(): ScanInput {
    return { body: this.#page.body, charset: this.#rules.charset ?? this.#page.charset, text: () => this.#textOnce() };
  }

  #isXml(): boolean {
    return /[/+]xml$/.test(this.#page.contentType) && this.#page.contentType !== 'application/xhtml+xml';
  }

  #textOnce(): string {
    const { charset } = this.#rules;
    this.#text ??= charset === undefined ? this.#page.text() : decodeText(this.#page.body, charset);
    return this.#text;
  }

  /** What relative addresses resolve against; the tree is not built for it. */
  #baseUrlOnce(): string {
    const { url, contentType } = this.#page;
    const isMarkup = this.#tree !== undefined || /[/+](html|xml)$/.test(contentType);
    if (!isMarkup) this.#baseUrl ??= url;
    else if (!this.#tree && this.#isScannable()) this.#baseUrl ??= baseUrlByScan(this.#scanInput(), url, this.#rules.limits);
    this.#baseUrl ??= baseUrlOf(this.#treeOnce(), url);
    return this.#baseUrl;
  }

  #linksOnce(): Links {
    this.#links ??= new Links({
      url: this.#page.url,
      baseUrl: this.#baseUrlOnce(),
      depth: this.#request.depth ?? 0,
      maxDepth: this.#context.maxDepth ?? this.#rules.follow.maxDepth,
      firstPage: this.#rules.firstPage,
      options: this.#rules.follow,
      nofollow: this.#page.robots?.nofollow,
    });
    return this.#links;
  }

  #downloadsOnce(): Downloads {
    this.#downloads ??= new Downloads({
      links: this.#linksOnce(),
      limits: this.#rules.limits,
      // Outside of a job, when an author tries a scraper, the key only shows its shape.
      job: this.#context.job ?? 'JOB',
      depth: this.#request.depth ?? 0,
    });
    return this.#downloads;
  }

  #extractionOnce(): Extraction {
    this.#extraction ??= new Extraction({
      $: this.#treeOnce(),
      url: this.#page.url,
      absolute: (address) => this.#linksOnce().absolute(address),
      download: (address) => this.#downloadsOnce().add(address),
      onEmpty: this.#context.onEmpty,
    });
    return this.#extraction;
  }

  #parseContext(): ParseContext<string> {
    const page = this.#page;
    const tree = () => this.#treeOnce();
    const links = () => this.#linksOnce();
    const own = this.#pageName;
    return {
      get $() {
        return tree();
      },
      request: this.#request,
      response: page,
      body: page.body,
      text: () => this.#textOnce(),
      json: () => JSON.parse(this.#textOnce()),
      load: (markup: string, options: { readonly xml?: boolean } = {}) => this.#build(markup, options.xml ?? false),
      extract: <const M extends FieldMap>(map: M, scope?: Selection) =>
        this.#extractionOnce().map(map, scope ?? tree().root()) as ItemFrom<M>,
      follow: Object.assign((target: Parameters<Links['follow']>[0], name = own, more = {}) => links().follow(target, name, more), {
        all: (selector: string, name = own, more = {}) => links().follow(tree()(selector), name, more),
        next: (selector?: string, name = own, more = {}) =>
          links().follow(selector === undefined ? nextPageLink(tree()) : tree()(selector).toArray()[0], name, more),
      }),
      download: (target, more) => this.#downloadsOnce().add(target, more),
      canonical: () => canonicalOf(tree(), links().absolute.bind(links())),
      absolute: (address) => links().absolute(address),
      inTime: (work) => this.#step(work),
      log: (message, facts = {}) => this.#context.log?.(message, facts),
    };
  }
}

function isSync(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function isAsync(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Every failure of a page as an error line's code and message. */
function named(error: unknown, rules: PageRules, pageName: string): RequestError {
  if (error instanceof RequestError) return error;
  const who = `Page type ${pageName} of scraper ${rules.scraper}`;
  if (error instanceof OutOfTime) {
    return new RequestError('parse', `${who} was not done with the page in ${rules.limits.parseTime} ms (limits.parseTime).`, {
      cause: error,
    });
  }
  const place = placeOf(error, rules.file);
  return new RequestError('parse', `${who} threw${place === undefined ? '' : ` at ${place}`}: ${firstLine(error)}`, { cause: error });
}

/** The selector behind a path of an item, as far as the map tells. */
function selectorOf(map: FieldMap | undefined, path: string): string | undefined {
  let spec: FieldSpec | undefined = map;
  let selector: string | undefined;
  for (const part of path.split('.')) {
    if (spec && isList(spec)) spec = spec[0];
    else if (typeof spec === 'object') spec = (typeof spec['value'] === 'object' && isField(spec) ? spec.value : spec) as FieldMap;
    if (/^\d+$/.test(part)) continue;
    spec = typeof spec === 'object' && !isList(spec) && Object.hasOwn(spec, part) ? (spec as FieldMap)[part] : undefined;
    const one: FieldSpec | undefined = spec && isList(spec) ? spec[0] : spec;
    if (typeof one === 'string') selector = one;
    else if (typeof one === 'object' && !isList(one) && isField(one)) selector = one.selector;
  }
  return selector;
}
