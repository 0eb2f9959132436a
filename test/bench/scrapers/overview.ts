import { defineScraper } from '../../../functions/scraper/define-scraper.ts';
import { FIRST_LINKS } from '../peers/tree-overview.ts';

/** The job of the comparisons as declared fields. */
export const overview = defineScraper({
  name: 'overview',
  pages: {
    page: {
      extract: {
        title: 'title',
        h1: 'h1',
        description: { selector: 'meta[name="description"]', attr: 'content' },
        links: { selector: 'a[href]', count: true },
        first: [{ selector: 'a[href]', value: 'href', limit: FIRST_LINKS }],
      },
    },
  },
});
