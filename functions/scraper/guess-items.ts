import type { CheerioAPI } from 'cheerio/slim';
import { readableText } from './page-text.ts';
import { nextPageLink } from './pagination.ts';
import { guessFields, type GuessedField } from './guess-fields.ts';
import { selfSelector } from './guess-selector.ts';
import type { ElementNode } from './page-tree.ts';
import { selectorOf } from './selector.ts';

/** A first guess at what a page lists. */
export interface Guess {
  /** Matches the repeated items; absent where the page repeats nothing and is one item itself. */
  readonly each?: string;
  /** How many there are. */
  readonly count: number;
  readonly fields: Readonly<Record<string, GuessedField>>;
  /** Matches the link to the next page. */
  readonly next?: string;
}

/** Items of which there are fewer are no list. */
const MIN_ITEMS = 3;
/** Items looked at for fields; they are alike. */
const SAMPLE = 30;
const MAX_TEXT = 2_000;

/**
 * Guesses the repeated items of a page and their fields: a starting point for an author, not a verdict.
 *
 * Looks for siblings that are alike, many, full of text and different from each other; menus and footers count for less.
 */
export function guessItems($: CheerioAPI): Guess {
  const best = candidates($)
    .map((group) => ({ group, score: scoreOf($, group) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)[0]?.group;
  const next = nextSelector($);
  if (!best) {
    const root = $('body')[0] ?? $('html')[0];
    return { count: 1, fields: root ? guessFields($, [root]) : {}, ...(next !== undefined && { next }) };
  }
  const each = selectorFor($, best);
  const items = selectorOf(each).all($.root());
  return { each, count: items.length, fields: guessFields($, items.slice(0, SAMPLE)), ...(next !== undefined && { next }) };
}

/** Groups of siblings that look alike. */
function candidates($: CheerioAPI): ElementNode[][] {
  const groups = new Map<ElementNode, Map<string, ElementNode[]>>();
  for (const element of $('li,tr,article,div,section,a,dt,p,span,td').toArray()) {
    const parent = element.parent;
    if (!parent || !('attribs' in parent)) continue;
    const own = selfSelector(element);
    const siblings = groups.get(parent) ?? new Map<string, ElementNode[]>();
    groups.set(parent, siblings);
    siblings.set(own, [...(siblings.get(own) ?? []), element]);
  }
  return [...groups.values()].flatMap((siblings) => [...siblings.values()]).filter((group) => group.length >= MIN_ITEMS);
}

/** Text that differs from one to the other, links and images make items; being part of a menu unmakes them. */
function scoreOf($: CheerioAPI, group: readonly ElementNode[]): number {
  const sample = group.slice(0, SAMPLE);
  const texts = sample.map((element) => readableText(element, MAX_TEXT));
  const filled = texts.filter((text) => text !== '');
  if (filled.length < MIN_ITEMS) return 0;
  const different = new Set(filled).size / filled.length;
  const length = filled.reduce((sum, text) => sum + Math.min(text.length, 400), 0) / filled.length;
  const parts = sample.reduce((sum, element) => sum + Math.min($(element).find('*').length, 20), 0) / sample.length;
  const links = sample.filter((element) => element.name === 'a' || $(element).find('a[href]').length > 0).length / sample.length;
  const [first] = group;
  const isMenu =
    first !== undefined && $(first).closest('nav,header,footer,aside,form,[role=navigation],[class*=menu],[class*=pag]').length > 0;
  return Math.sqrt(group.length) * different * Math.log(2 + length) * Math.log(2 + parts) * (1 + links) * (isMenu ? 0.1 : 1);
}

/** The shortest selector that matches the group and no more, else the nearest to it. */
function selectorFor($: CheerioAPI, group: readonly ElementNode[]): string {
  const [first] = group;
  if (!first) return '*';
  let selector = selfSelector(first);
  let above = first.parent;
  for (let steps = 0; steps < 3 && above && 'attribs' in above; steps++, above = above.parent) {
    if ($(selector).length <= group.length) break;
    selector = `${above.attribs['id'] && /^[A-Za-z][\w-]*$/.test(above.attribs['id']) ? `#${above.attribs['id']}` : selfSelector(above)} > ${selector}`;
  }
  return selector;
}

function nextSelector($: CheerioAPI): string | undefined {
  const link = nextPageLink($);
  if (!link) return undefined;
  if (/\bnext\b/i.test(link.attribs['rel'] ?? '')) return `${link.name}[rel~="next"]`;
  const own = selfSelector(link);
  if (own !== 'a' && $(own).length === 1) return own;
  const text = readableText(link, 40);
  return text === '' ? undefined : `a:contains(${JSON.stringify(text)})`;
}
