import { defineScraper } from '../../../functions/scraper/define-scraper.ts';
import { shortened } from './shortened.ts';

/** The job of the comparisons as declared fields. */
export const overview = defineScraper({
  name: 'overview',
  pages: {
    page: {
      extract: {
        title: 'title',
        h1: 'h1',
        description: { selector: 'meta[name="description"]', attr: 'content' },
        first: [{ selector: 'a[href]', value: 'href' }],
      },
      schema: shortened,
    },
  },
});
