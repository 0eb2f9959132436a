import { unknownName } from '../job/nearest-name.ts';
import type { Place } from './faults.ts';

interface NumberOption {
  readonly kind: 'number';
  readonly unit: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly reason: string;
}
interface ChoiceOption {
  readonly kind: 'choice';
  readonly choices: readonly string[];
  readonly default: string;
  readonly reason: string;
}
interface HeadersOption {
  readonly kind: 'headers';
  readonly default: Readonly<Record<string, string>>;
  readonly reason: string;
}
interface ListOption {
  readonly kind: 'list';
  /** What one entry must look like. */
  readonly pattern: RegExp;
  readonly expected: string;
  readonly default: readonly string[];
  readonly reason: string;
}
interface FlagOption {
  readonly kind: 'flag';
  readonly default: boolean;
  readonly reason: string;
}
export type ScraperOption = NumberOption | ChoiceOption | HeadersOption | ListOption | FlagOption;

/**
 * The options of a scraper by group: declared once, from which the types, the checks, the table in docs/scrapers.md and the
 * schema of recipes derive. Durations in ms.
 */
export const scraperOptions = {
  politeness: {
    /** Requests in flight per host. */
    concurrency: {
      kind: 'number',
      unit: 'requests',
      default: 4,
      min: 1,
      max: 20_000,
      reason: 'Requests in flight per host, across the whole fleet. Less than a browser opens.',
    },
    /** Pause between the starts of two requests to one host, ms. */
    delay: {
      kind: 'number',
      unit: 'ms',
      default: 0,
      min: 0,
      max: 3_600_000,
      reason: 'Pause between the starts of two requests to one host. A Crawl-delay in robots.txt counts too where it is longer.',
    },
    /** Whether robots.txt decides what may be fetched. */
    robots: {
      kind: 'choice',
      choices: ['obey', 'ignore'],
      default: 'obey',
      reason: 'What the site asks for; ignore it on your own sites.',
    },
    /** What concurrency and delay are counted for. */
    groupBy: {
      kind: 'choice',
      choices: ['host', 'site'],
      default: 'host',
      reason: 'site: all hosts of one registrable domain share concurrency and delay.',
    },
  },
  request: {
    /** Total time for one fetch, ms. */
    timeout: {
      kind: 'number',
      unit: 'ms',
      default: 30_000,
      min: 1,
      max: 100_000,
      reason: 'From the first packet to the last byte, redirects included; inside the time of one function.',
    },
    /** Further attempts after a failure that may pass. */
    retries: {
      kind: 'number',
      unit: 'attempts',
      default: 2,
      min: 0,
      max: 20,
      reason: 'Further attempts after a failure that may pass: a timeout, a broken connection, 5xx.',
    },
    /** Time for all attempts of one request together, ms. */
    giveUpAfter: {
      kind: 'number',
      unit: 'ms',
      default: 86_400_000,
      min: 1,
      // AWS SQS: a message is kept for 14 days at most.
      max: 1_209_600_000,
      reason: 'No attempt begins later than this after the first one; pauses that the host asked for, or needed, are left out.',
    },
    maxBytes: {
      kind: 'number',
      unit: 'bytes',
      default: 5_000_000,
      min: 1,
      max: 100_000_000,
      reason: 'A larger page is refused, on the wire or decoded: it is held in memory whole.',
    },
    maxRedirects: { kind: 'number', unit: 'redirects', default: 5, min: 0, max: 20, reason: 'Redirects followed for one request.' },
    headers: { kind: 'headers', default: {}, reason: 'Sent with every request; a request can set its own.' },
    /** Whether cookies are kept, per job and host (or site, with groupBy). */
    cookies: {
      kind: 'choice',
      choices: ['keep', 'ignore'],
      default: 'ignore',
      reason: 'keep: what a host sets is sent back to it for the rest of the job, as for a login.',
    },
    /** Media types taken as a page. */
    accept: {
      kind: 'list',
      pattern: /^(\*|[a-z0-9!#$&^_.+*-]+\/[a-z0-9!#$&^_.+*-]+)$/,
      expected: 'media types in lower case, such as "text/html", "application/*" or "*"',
      default: ['text/html', 'application/xhtml+xml'],
      reason: 'Media types taken as a page; any other is a content-type error before its body is read.',
    },
  },
  follow: {
    /** Links followed from the input to a page, at most. */
    maxDepth: {
      kind: 'number',
      unit: 'links',
      default: 1_000,
      min: 0,
      max: 1_000_000,
      reason: 'Links from the input to a page. Stops endless calendars; long enough for long paginations.',
    },
    /** Links followed from one page, at most. */
    maxLinks: {
      kind: 'number',
      unit: 'links',
      default: 10_000,
      min: 0,
      max: 1_000_000,
      reason: 'Links followed from one page; what is beyond is counted as skipped.',
    },
    /** Requests of one job, at most. */
    maxRequests: {
      kind: 'number',
      unit: 'requests',
      // An input may be as long as it is; whoever follows links into the unknown says less.
      default: 1_000_000_000,
      min: 1,
      max: 1_000_000_000,
      reason:
        'Requests of one job, input and followed links together. Of an input no more are sent; a crawl is cancelled when report, every minute, sees that there are more.',
    },
    /** How far away from its page a link may lead. */
    within: {
      kind: 'choice',
      choices: ['site', 'host', 'any'],
      default: 'site',
      reason: 'A link elsewhere is dropped: site = same registrable domain, host = same host and port. Other hosts can be named in hosts.',
    },
    /** Hosts that may be followed to besides. */
    hosts: {
      kind: 'list',
      pattern: /^(\*\.)?[^/:*\s]+(:\d+)?$/,
      expected: 'host names, such as "img.shop.example" or "*.shop.example"',
      default: [],
      reason: 'Hosts that links may lead to besides; `*.` stands for any host below.',
    },
    /** Which nofollow keeps links from being followed. */
    nofollow: {
      kind: 'choice',
      choices: ['pages', 'links', 'ignore'],
      default: 'pages',
      reason:
        'pages: nothing is followed from a page that says nofollow (meta robots, X-Robots-Tag). links: nor a link with rel=nofollow, which speaks of ranking more than of crawling. ignore: all is followed.',
    },
  },
  limits: {
    /** Time for parsing one page, the scraper's code included, ms. */
    parseTime: {
      kind: 'number',
      unit: 'ms',
      default: 10_000,
      min: 1,
      max: 60_000,
      reason: 'Time for parsing one page, your code included; an endless loop is interrupted.',
    },
    maxNesting: {
      kind: 'number',
      unit: 'elements',
      default: 1_000,
      min: 10,
      max: 1_500,
      reason: 'Elements inside each other. Browsers stop at 512; tree walks overflow the stack from about 2,500.',
    },
    /** Elements, attributes, texts and comments of one page. */
    maxNodes: {
      kind: 'number',
      unit: 'nodes',
      default: 500_000,
      min: 100,
      max: 5_000_000,
      reason: 'Elements, attributes, texts and comments of one page: about 110 MB of memory.',
    },
    maxItems: { kind: 'number', unit: 'items', default: 100_000, min: 1, max: 1_000_000, reason: 'Items that one page may yield.' },
    maxFiles: { kind: 'number', unit: 'files', default: 1_000, min: 0, max: 100_000, reason: 'Files that one page may have downloaded.' },
    maxFileBytes: {
      kind: 'number',
      unit: 'bytes',
      default: 1_000_000_000,
      min: 1,
      max: 1_000_000_000_000,
      reason: 'Size of one downloaded file; download() can set its own.',
    },
    /** JSON of all items and followed requests of one page, in UTF-16 units. */
    maxItemChars: {
      kind: 'number',
      unit: 'characters',
      default: 50_000_000,
      min: 1_000,
      max: 200_000_000,
      reason: 'Items of one page as JSON: nested lists could repeat a page a thousandfold.',
    },
  },
} as const satisfies Record<string, Record<string, ScraperOption>>;

/** Options of a scraper's runs as wholes, which stand beside the groups. */
export const runOptions = {
  /** What becomes of a firing of the schedule while the run before it is at work. */
  overlap: {
    kind: 'choice',
    choices: ['skip', 'allow'],
    default: 'skip',
    reason: 'skip: a firing of the schedule is left out while the run before it is at work; allow: both run.',
  },
  /** Whether runs are compared. */
  incremental: {
    kind: 'flag',
    default: false,
    reason: 'true: runs are compared; unchanged pages are not written again, results say new, changed or gone.',
  },
} as const satisfies Record<string, ScraperOption>;

type Table = typeof scraperOptions;
export type OptionGroup = keyof Table;
type ValueOf<O extends ScraperOption> = O extends NumberOption
  ? number
  : O extends { readonly choices: readonly (infer C)[] }
    ? C
    : O extends HeadersOption
      ? Readonly<Record<string, string>>
      : O extends FlagOption
        ? boolean
        : readonly string[];
/** A group with every option filled in. */
export type OptionValues<G extends OptionGroup> = {
  readonly [K in keyof Table[G]]: Table[G][K] extends ScraperOption ? ValueOf<Table[G][K]> : never;
};
/** The options of runs, filled in. */
export type RunValues = { readonly [K in keyof typeof runOptions]: ValueOf<(typeof runOptions)[K]> };
/** All of them as a definition may give them. */
export type OptionInput = { readonly [G in OptionGroup]?: Partial<OptionValues<G>> } & Partial<RunValues>;

/** Checks one group and fills in what is missing. */
export function readGroup<G extends OptionGroup>(place: Place, group: G, given: unknown): OptionValues<G> {
  const table: Readonly<Record<string, ScraperOption>> = scraperOptions[group];
  if (given !== undefined && !isRecord(given)) place.fault(`must be an object, not ${shown(given)}.`);
  const record = isRecord(given) ? given : {};
  for (const name of Object.keys(record)) if (!Object.hasOwn(table, name)) place.unknown(name, unknownName(name, Object.keys(table)));
  return readValues(place, table, record) as OptionValues<G>;
}

/** Checks the options of runs among all that a definition gives, and fills in what is missing. */
export function readRunOptions(place: Place, given: Readonly<Record<string, unknown>>): RunValues {
  return readValues(place, runOptions, given) as RunValues;
}

function readValues(place: Place, table: Readonly<Record<string, ScraperOption>>, given: Readonly<Record<string, unknown>>): object {
  const values = Object.entries(table).map(([name, option]) => {
    const value = given[name];
    if (value === undefined) return [name, option.default];
    const expected = check(option, value);
    if (expected !== undefined) place.at(name).fault(`must be ${expected}, not ${shown(value)}.`);
    return [name, expected === undefined ? normal(option, value) : option.default];
  });
  return Object.fromEntries(values) as object;
}

/** What is expected where the value is not it. */
function check(option: ScraperOption, value: unknown): string | undefined {
  if (option.kind === 'number') {
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= option.min && value <= option.max;
    return fits ? undefined : `a whole number of ${option.unit} from ${option.min} to ${option.max}`;
  }
  if (option.kind === 'choice')
    return option.choices.includes(value as string) ? undefined : option.choices.map((c) => `"${c}"`).join(' or ');
  if (option.kind === 'flag') return typeof value === 'boolean' ? undefined : 'true or false';
  if (option.kind === 'headers') {
    const fits = isRecord(value) && Object.entries(value).every(([k, v]) => isHeader(k, v));
    return fits ? undefined : 'an object of header names and values';
  }
  const fits = Array.isArray(value) && value.every((v) => typeof v === 'string' && option.pattern.test(v));
  return fits ? undefined : `a list of ${option.expected}`;
}

function normal(option: ScraperOption, value: unknown): ScraperOption['default'] {
  // Header names are matched in lower case everywhere (RFC 9110, section 5.1: they know no case).
  return option.kind === 'headers'
    ? Object.fromEntries(Object.entries(value as Record<string, string>).map(([k, v]) => [k.toLowerCase(), v]))
    : (value as ScraperOption['default']);
}

/** RFC 9110, section 5.6.2 (token) and 5.5 (no CR, LF, NUL in a value). */
export function isHeader(name: string, value: unknown): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && typeof value === 'string' && !/[\r\n\0]/.test(value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A wrong value and its type, short enough for a message. */
export function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  const text = value === undefined ? 'undefined' : (safeJson(value) ?? Object.prototype.toString.call(value));
  return `${text.length > 80 ? `${text.slice(0, 80)}…` : text} (${Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value})`;
}

function safeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // Cyclic or a BigInt: the caller shows its kind instead.
    return undefined;
  }
}
