import { hash } from 'node:crypto';
import { encodingOf } from '../fetch/charset.ts';
import { RequestError, UsageError } from '../job/errors.ts';
import { expandTemplate } from '../urls/template.ts';
import { checkPages, checkParser, downloadsFiles } from './check-pages.ts';
import type { DefinedScraper, PageDefinition, ScraperDefinition } from './definition.ts';
import { unknownName } from '../job/nearest-name.ts';
import { Place, type Fault } from './faults.ts';
import type { ParserName } from './page-tree.ts';
import { enoughFor } from './page-start.ts';
import { runPage, type PageRules } from './run-page.ts';
import { isRecord, readGroup, readRunOptions, runOptions, scraperOptions, shown, type OptionGroup } from './scraper-options.ts';
import { callerFile } from './scraper-place.ts';
import type { Scraper } from './types.ts';
import type { StartUrls } from '../urls/start.ts';

/** EventBridge Scheduler, schedule types. */
const SCHEDULE = /^(cron\((\S+ ){5}\S+\)|rate\(\d+ (minute|hour|day)s?\)|at\(\S+\))$/;
/** It becomes part of object keys, job ids and command lines. */
export const SCRAPER_NAME = /^[a-z][a-z0-9-]{0,49}$/;
const OWN_NAMES = ['name', 'start', 'schedule', 'parser', 'charset', 'pages'] as const;
const GROUPS = Object.keys(scraperOptions) as OptionGroup[];
const NAMES: readonly string[] = [...OWN_NAMES, ...Object.keys(runOptions), ...GROUPS];

/**
 * Defines a scraper: checks everything that can be checked before the first page, and fills in the defaults.
 *
 * @throws {UsageError} code `bad-scraper`: all faults together, one a line, under the scraper's name.
 */
export function defineScraper<const Names extends string, const Extracts = unknown, Schemas = unknown, Parses = unknown>(
  definition: ScraperDefinition<Names, Extracts, Schemas, Parses>,
): DefinedScraper<Names, Extracts, Schemas, Parses> {
  // The stack is read when a page fails: most scrapers of an import run none.
  return buildScraper(definition, new Error('defined here'));
}

/**
 * The untyped form.
 *
 * @param definedIn - where the definition is written, for messages: the file, or an exception that its call made.
 * @throws {UsageError} as {@link defineScraper}.
 */
export function buildScraper<Names extends string, Extracts, Schemas, Parses>(
  definition: unknown,
  definedIn: string | Error | undefined,
): DefinedScraper<Names, Extracts, Schemas, Parses> {
  const built = tryScraper<Names, Extracts, Schemas, Parses>(definition, definedIn);
  if ('scraper' in built) return built.scraper;
  const name = isRecord(definition) ? definition['name'] : undefined;
  const who = typeof name === 'string' && name !== '' ? `Scraper "${name.slice(0, 100)}"` : 'A scraper without a name';
  throw new UsageError('bad-scraper', `${who} has ${listed(built.faults)}`);
}

/** Checks a definition; gives the scraper, or everything that is wrong with it. */
export function tryScraper<Names extends string, Extracts, Schemas, Parses>(
  definition: unknown,
  definedIn: string | Error | undefined,
): { readonly scraper: DefinedScraper<Names, Extracts, Schemas, Parses> } | { readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const top = new Place(faults);
  const given = isRecord(definition) ? definition : {};
  if (given !== definition) top.fault(`A scraper must be an object, not ${shown(definition)}.`);
  for (const name of Object.keys(given)) {
    if (!NAMES.includes(name)) top.unknown(name, `${unknownName(name, NAMES)}${groupHint(name)}`);
  }
  const name = readName(top.at('name'), given['name']);
  const start = readStart(top.at('start'), given['start']);
  const schedule = readSchedule(top.at('schedule'), given['schedule']);
  const runs = readRunOptions(top, given);
  const politeness = readGroup(top.at('politeness'), 'politeness', given['politeness']);
  const request = readGroup(top.at('request'), 'request', given['request']);
  const follow = readGroup(top.at('follow'), 'follow', given['follow']);
  const limits = readGroup(top.at('limits'), 'limits', given['limits']);
  const charset = readCharset(top.at('charset'), given['charset']);
  const parser = (given['parser'] ?? 'htmlparser2') as ParserName;
  checkParser(top.at('parser'), parser);
  checkPages(top.at('pages'), given['pages']);
  if (faults.length > 0) return { faults };

  const pages = new Map(Object.entries(given['pages'] as Record<string, PageDefinition<string>>));
  const pageNames = [...pages.keys()];
  const rules: PageRules = {
    scraper: name,
    get file() {
      return definedIn instanceof Error ? callerFile(definedIn.stack, import.meta.filename) : definedIn;
    },
    firstPage: pageNames[0] ?? '',
    parser,
    charset,
    follow,
    limits,
  };
  /** By page type, as each is first asked for. */
  const enough = new Map<string, ReturnType<Scraper['enough']>>();
  const scraper: DefinedScraper<Names, Extracts, Schemas, Parses> = {
    name,
    ...(start !== undefined && { start }),
    ...(schedule !== undefined && { schedule }),
    ...runs,
    rules: runs.incremental ? rulesHash([...pages], parser, charset) : '',
    politeness,
    request,
    maxDepth: follow.maxDepth,
    maxRequests: follow.maxRequests,
    firstPage: rules.firstPage,
    pageNames,
    follows: [...pages.values()].some(canFollow),
    enough: ({ page: pageName = rules.firstPage }) => {
      const type = pages.get(pageName);
      if (type && !enough.has(pageName)) enough.set(pageName, enoughFor(rules, type));
      return enough.get(pageName);
    },
    run: async (one, page, context = {}) => {
      const pageName = one.page ?? rules.firstPage;
      const type = pages.get(pageName);
      if (!type) throw new RequestError('unknown-page', `Scraper ${name} has no page type ${unknownName(pageName, pageNames)}`);
      return runPage(rules, pageName, type, one, page, context);
    },
  };
  return { scraper };
}

/** Hash of the page types as they are written, the source of their functions included; what those call elsewhere it does not see. */
function rulesHash(...rules: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(rules, asWritten), 'base64url').slice(0, 12);
}

function asWritten(_name: string, value: unknown): unknown {
  // A schema may be of any kind, and refer to itself.
  if (isRecord(value) && '~standard' in value) return 'schema';
  return typeof value === 'function' || value instanceof RegExp ? String(value) : value;
}

/** Whether a page type can give requests, downloads included; what `parse` gives cannot be told before. */
function canFollow(page: PageDefinition<string>): boolean {
  return page.parse !== undefined || page.follow !== undefined || (page.extract !== undefined && downloadsFiles(page.extract));
}

/** Where an option that stands outside of its group belongs. */
function groupHint(name: string): string {
  const group = GROUPS.find((g) => Object.hasOwn(scraperOptions[g], name));
  return group === undefined ? '' : ` It belongs into ${group}.`;
}

/** `2 faults:` and one line for each. */
function listed(faults: readonly Fault[]): string {
  return `${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `- ${fault.message}`).join('\n')}`;
}

function readName(place: Place, value: unknown): string {
  if (typeof value === 'string' && SCRAPER_NAME.test(value)) return value;
  place.fault(`must be 1 to 50 lower-case letters, digits and dashes, a letter first, not ${shown(value)}.`);
  return '';
}

function readStart(place: Place, value: unknown): StartUrls | undefined {
  if (value === undefined || typeof value === 'function') return value as StartUrls | undefined;
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (texts.length === 0 || !texts.every((text) => typeof text === 'string' && text.trim() !== '')) {
    place.fault(`must be a URL, a template, a list of them, or a function that gives them, not ${shown(value)}.`);
    return undefined;
  }
  for (const [i, text] of texts.entries()) {
    try {
      // A template that cannot be read says so with its first URL.
      expandTemplate(String(text)).next();
    } catch (error) {
      (Array.isArray(value) ? place.at(i) : place).fault(`is no template: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return value as StartUrls;
}

/** @returns the Encoding Standard's name of the label. */
function readCharset(place: Place, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const charset = typeof value === 'string' ? encodingOf(value) : undefined;
  if (charset === undefined) place.fault(`must be a label of the Encoding Standard such as "gbk" or "windows-1252", not ${shown(value)}.`);
  return charset;
}

function readSchedule(place: Place, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && SCHEDULE.test(value)) return value;
  place.fault(`must be an EventBridge Scheduler expression such as "cron(0 6 * * ? *)" or "rate(1 day)", not ${shown(value)}.`);
  return undefined;
}
