import type { FetchedPage } from '../../functions/fetch/types.ts';
import { keys } from '../../functions/job/keys.ts';
import { FILE_PAGE, type Json, type Request } from '../../functions/job/request.ts';
import type { DropReason, EmptyField, PageYield } from '../../functions/scraper/types.ts';
import { bytesText, countOf } from './number-text.ts';
import { printable } from './printable.ts';
import { table } from './table.ts';

/** What came of one page. */
export interface Tried {
  /** Page type of requests that name none. */
  readonly firstPage: string;
  readonly page: FetchedPage;
  readonly found: PageYield;
  readonly empty: EmptyFields;
  /** Building trees; 0 where none was wanted. */
  readonly treeMs: number;
  /** The rest of the scraper's work. */
  readonly extractMs: number;
}

const SHOWN_REQUESTS = 20;
/** Items beyond which a table helps nobody. */
const MAX_TABLE_ITEMS = 50;

const dropReasons: Readonly<Record<DropReason, string>> = {
  scheme: 'no http(s) address',
  elsewhere: 'away from the site (follow.within, follow.hosts)',
  depth: 'too deep (follow.maxDepth)',
  links: 'too many on one page (follow.maxLinks)',
  files: 'too many on one page (limits.maxFiles)',
  nofollow: 'rel=nofollow (follow.nofollow)',
};

interface EmptyCount extends EmptyField {
  readonly count: number;
}

/** Fields without a value, those of many items taken together. */
export class EmptyFields {
  readonly #byField = new Map<string, EmptyCount>();

  add(field: EmptyField): void {
    // Entries of a list are alike: `rows.2.price` is `rows.price`.
    const name = field.field.replaceAll(/\.\d+(?=\.|$)/g, '');
    const id = `${name}\0${field.selector}`;
    const known = this.#byField.get(id);
    // Of many items the one that shows most: where the selector matches farthest.
    const better = known && reach(known) >= reach(field) ? known : field;
    this.#byField.set(id, { ...better, field: name, count: (known?.count ?? 0) + 1 });
  }

  get all(): readonly EmptyCount[] {
    return [...this.#byField.values()];
  }
}

function reach({ found, matches }: EmptyField): number {
  return (found === undefined ? 0 : 1_000_000) + (matches?.selector.length ?? 0);
}

/** For people. */
export function tryText({ firstPage, page, found, empty, treeMs, extractMs }: Tried, columns: number): string {
  const { timings: t, wireBytes, decodedBytes } = page.provenance;
  const phases = [
    ...(t?.dns === undefined ? [] : [`dns ${t.dns} ms`]),
    ...(t?.connect === undefined ? [] : [`connect ${t.connect} ms`]),
    ...(t ? [`first byte ${t.firstByte} ms`, `whole ${t.total} ms`] : []),
    ...(treeMs > 0 ? [`tree ${round(treeMs)} ms`] : []),
    `extract ${round(extractMs)} ms`,
  ];
  const { items, follows, dropped = {} } = found;
  const links = follows.filter((request) => request.page !== FILE_PAGE);
  const files = follows.filter((request) => request.page === FILE_PAGE);
  const lines = [
    `${page.status} ${page.url}`,
    `${page.contentType}, ${page.charset}, ${bytesText(wireBytes)}${decodedBytes === wireBytes ? '' : ` (${bytesText(decodedBytes)} decoded)`}`,
    phases.join(' · '),
    '',
    countOf(items.length, 'item'),
    ...itemLines(items, columns),
    '',
    `${countOf(links.length, 'request')} to follow`,
    ...requestLines(
      links,
      (request) => `${request.page ?? firstPage}  ${request.method === undefined ? '' : `${request.method} `}${request.url}`,
    ),
  ];
  if (files.length > 0) {
    lines.push(`${countOf(files.length, 'file')} to download`);
    lines.push(...requestLines(files, (request) => `${request.url}  to ${keys.files('JOB', request.file?.name ?? '')}`));
  }
  for (const [reason, count] of Object.entries(dropped))
    lines.push(`${countOf(count, 'link')} not followed: ${dropReasons[reason as DropReason]}`);
  const emptyLines = emptyFieldsText(empty, items.length);
  if (emptyLines.length > 0) lines.push('', ...emptyLines);
  return `${lines.map(printable).join('\n')}\n`;
}

function itemLines(items: readonly Json[], columns: number): string[] {
  if (items.length === 0) return [];
  if (items.length === 1) return JSON.stringify(items[0], undefined, 2).split('\n');
  const more = items.length > MAX_TABLE_ITEMS ? [`… and ${items.length - MAX_TABLE_ITEMS} more (--json shows all)`] : [];
  return [...table(items.slice(0, MAX_TABLE_ITEMS), columns).split('\n'), ...more];
}

function requestLines(requests: readonly Request[], line: (request: Request) => string): string[] {
  const more = requests.length > SHOWN_REQUESTS ? [`  … and ${requests.length - SHOWN_REQUESTS} more (--json shows all)`] : [];
  return [...requests.slice(0, SHOWN_REQUESTS).map((request) => `  ${line(request)}`), ...more];
}

/**
 * One line for each empty field: its selector, and how far it matched.
 *
 * @param items - how many there are in all; with one, no line tells of how many a field was empty.
 */
export function emptyFieldsText(empty: EmptyFields, items: number): string[] {
  if (empty.all.length === 0) return [];
  const width = Math.max(...empty.all.map(({ field }) => field.length));
  const lines = empty.all.map((one) => {
    const often = items > 1 && one.count > 1 ? ` (${one.count} times)` : '';
    return `  ${one.field.padEnd(width)}  ${one.selector}${often}: ${howFar(one)}`;
  });
  return ['Empty', ...lines];
}

function howFar({ selector, matches, found }: EmptyField): string {
  if (found !== undefined) return `finds ${JSON.stringify(found)}, which gives no value`;
  if (selector === ':scope') return 'gives no value';
  if (!matches) return /[\s>+~]/.test(selector.trim()) ? 'matches nothing, not even its first part' : 'matches nothing';
  if (isSame(matches.selector, selector)) return `matches ${countOf(matches.count, 'element')}, which have no such value`;
  return `matches as far as ${matches.selector} (${countOf(matches.count, 'element')})`;
}

/** Selectors that differ in white space and quotes only. */
function isSame(a: string, b: string): boolean {
  return a.replaceAll(/["'\s]/g, '') === b.replaceAll(/["'\s]/g, '');
}

/** For machines. */
export function tryJson({ page, found, empty, treeMs, extractMs }: Tried): string {
  const { items, follows, dropped = {} } = found;
  const value = {
    url: page.url,
    contentType: page.contentType,
    charset: page.charset,
    items,
    follows: follows.filter((request) => request.page !== FILE_PAGE),
    downloads: follows
      .filter((request) => request.page === FILE_PAGE)
      .map((request) => ({ ...request, key: keys.files('JOB', request.file?.name ?? '') })),
    dropped,
    empty: empty.all,
    page: page.provenance,
    treeMs: round(treeMs),
    extractMs: round(extractMs),
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
