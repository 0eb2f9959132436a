import { encodingOf } from '../fetch/charset.ts';
import { RequestError, UsageError } from '../job/errors.ts';
import { checkPages, downloadsFiles, parserFault } from './check-pages.ts';
import type { DefinedScraper, PageDefinition, ScraperDefinition } from './definition.ts';
import { unknownName } from '../job/nearest-name.ts';
import { parserNames, type ParserName } from './page-tree.ts';
import { runPage, type PageRules } from './run-page.ts';
import { isRecord, readGroup, scraperOptions, shown, type OptionGroup } from './scraper-options.ts';
import { firstLine } from './page-items.ts';
import { callerFile } from './scraper-place.ts';
import { expandTemplate } from '../urls/template.ts';
import type { StartUrls } from './types.ts';

const OWN_NAMES = ['name', 'start', 'schedule', 'parser', 'charset', 'pages'] as const;
const GROUPS = Object.keys(scraperOptions) as OptionGroup[];
const NAMES = [...OWN_NAMES, ...GROUPS];

/**
 * Defines a scraper: checks everything that can be checked before the first page, and fills in the defaults.
 *
 * @throws {UsageError} code `bad-scraper`: all faults together, one a line, under the scraper's name.
 */
export function defineScraper<const Names extends string, const Extracts = unknown, Schemas = unknown, Parses = unknown>(
  definition: ScraperDefinition<Names, Extracts, Schemas, Parses>,
): DefinedScraper<Names, Extracts, Schemas, Parses> {
  return buildScraper(definition, callerFile(new Error().stack, import.meta.filename));
}

/**
 * The untyped form, for definitions that are data.
 *
 * @param file - where the definition is written, for messages.
 * @throws {UsageError} as {@link defineScraper}.
 */
export function buildScraper<Names extends string, Extracts, Schemas, Parses>(
  definition: unknown,
  file: string | undefined,
): DefinedScraper<Names, Extracts, Schemas, Parses> {
  const faults: string[] = [];
  const given = isRecord(definition) ? definition : {};
  if (given !== definition) faults.push(`defineScraper takes an object, not ${shown(definition)}.`);
  for (const name of Object.keys(given)) {
    if (!NAMES.includes(name as OptionGroup)) faults.push(`Unknown option: ${unknownName(name, NAMES)}${groupHint(name)}`);
  }
  const name = readName(given['name'], faults);
  const start = readStart(given['start'], faults);
  const schedule = readSchedule(given['schedule'], faults);
  const politeness = readGroup('politeness', given['politeness'], faults);
  const request = readGroup('request', given['request'], faults);
  const follow = readGroup('follow', given['follow'], faults);
  const limits = readGroup('limits', given['limits'], faults);
  const parser = readParser(given['parser'], faults);
  const charset = readCharset(given['charset'], faults);
  checkPages(given['pages'], faults);
  if (faults.length > 0) throw new UsageError('bad-scraper', report(given['name'], faults));

  const pages = new Map(Object.entries(given['pages'] as Record<string, PageDefinition<string>>));
  const pageNames = [...pages.keys()];
  const rules: PageRules = { scraper: name, file, firstPage: pageNames[0] ?? '', parser, charset, follow, limits };
  return {
    name,
    ...(start !== undefined && { start }),
    ...(schedule !== undefined && { schedule }),
    politeness,
    request,
    maxDepth: follow.maxDepth,
    maxRequests: follow.maxRequests,
    firstPage: rules.firstPage,
    pageNames,
    follows: [...pages.values()].some(canFollow),
    run: async (one, page, context = {}) => {
      const pageName = one.page ?? rules.firstPage;
      const type = pages.get(pageName);
      if (!type) throw new RequestError('unknown-page', `Scraper ${name} has no page type ${unknownName(pageName, pageNames)}`);
      return runPage(rules, pageName, type, one, page, context);
    },
  };
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

function report(name: unknown, faults: readonly string[]): string {
  const who = typeof name === 'string' && name !== '' ? `Scraper "${name.slice(0, 100)}"` : 'A scraper without a name';
  return `${who} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((f) => `- ${f}`).join('\n')}`;
}

function readName(value: unknown, faults: string[]): string {
  // It becomes part of object keys, job ids and command lines.
  if (typeof value === 'string' && /^[a-z][a-z0-9-]{0,49}$/.test(value)) return value;
  faults.push(`name must be 1 to 50 lower-case letters, digits and dashes, a letter first, not ${shown(value)}.`);
  return '';
}

function readStart(value: unknown, faults: string[]): StartUrls | undefined {
  const isList = Array.isArray(value) && value.length > 0 && value.every((v) => typeof v === 'string' && v.trim() !== '');
  for (const text of isList ? (value as string[]) : typeof value === 'string' ? [value] : []) {
    try {
      // A template that cannot be read says so with its first URL.
      expandTemplate(text).next();
    } catch (error) {
      faults.push(`start ${shown(text)}: ${firstLine(error).replace(/^UsageError: /, '')}`);
    }
  }
  if (value === undefined || isList || typeof value === 'function' || (typeof value === 'string' && value.trim() !== '')) {
    return value as StartUrls | undefined;
  }
  faults.push(`start must be a URL, a template, a list of them, or a function that gives them, not ${shown(value)}.`);
  return undefined;
}

function readParser(value: unknown, faults: string[]): ParserName {
  if (value !== undefined && !parserNames.includes(value as ParserName)) faults.push(parserFault('parser', value));
  return (value ?? 'htmlparser2') as ParserName;
}

/** @returns the Encoding Standard's name of the label. */
function readCharset(value: unknown, faults: string[]): string | undefined {
  if (value === undefined) return undefined;
  const charset = typeof value === 'string' ? encodingOf(value) : undefined;
  if (charset === undefined)
    faults.push(`charset must be a label of the Encoding Standard such as "gbk" or "windows-1252", not ${shown(value)}.`);
  return charset;
}

function readSchedule(value: unknown, faults: string[]): string | undefined {
  if (
    value === undefined ||
    (typeof value === 'string' && /^(cron\((\S+ ){5}\S+\)|rate\(\d+ (minute|hour|day)s?\)|at\(\S+\))$/.test(value))
  )
    return value;
  faults.push(`schedule must be an EventBridge Scheduler expression such as "cron(0 6 * * ? *)" or "rate(1 day)", not ${shown(value)}.`);
  return undefined;
}
