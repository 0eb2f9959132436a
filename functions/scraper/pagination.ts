import type { CheerioAPI } from 'cheerio/slim';
import { readableText } from './page-text.ts';
import type { ElementNode } from './page-tree.ts';

/** What links to a next page say, in lower case: words of common languages, and arrows. */
const NEXT = new Set(
  (
    'next|next page|next »|next ›|next >|next →|older|older posts|older entries|»|›|→|>|>>|weiter|nächste|nächste seite|suivant|suivante|page suivante|' +
    'siguiente|página siguiente|próxima|próximo|seguinte|successiva|avanti|volgende|næste|nästa|neste|seuraava|następna|další|следующая|далее|вперед|' +
    'sonraki|下一页|下一頁|下页|次へ|次のページ|다음|다음 페이지'
  ).split('|'),
);

/**
 * The link to the next page of a list: `rel=next` where there is one, else the first link that says so in a word or an arrow.
 *
 * @returns undefined on the last page, and where a page tells in no common way.
 */
export function nextPageLink($: CheerioAPI): ElementNode | undefined {
  const marked = $('a[rel~="next" i][href],link[rel~="next" i][href]').toArray()[0];
  return marked ?? $('a[href]').toArray().find(saysNext);
}

function saysNext(a: ElementNode): boolean {
  const { href = '', title, class: classes = '' } = a.attribs;
  if (/^\s*(#|javascript:|$)/i.test(href) || /\bdisabled\b/.test(classes) || a.attribs['aria-disabled'] === 'true') return false;
  return [a.attribs['aria-label'], title, readableText(a, 40)].some((words) => words !== undefined && NEXT.has(words.trim().toLowerCase()));
}

/**
 * An address with parts of its query changed, for APIs and lists that count pages: `withQuery(response.url, { page: 2 })`.
 *
 * @param changes - undefined takes a part out.
 * @throws {TypeError} for an address that is not absolute.
 */
export function withQuery(address: string, changes: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const url = new URL(address);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, String(value));
  }
  return url.href;
}
