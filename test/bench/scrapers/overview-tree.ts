import { defineScraper } from '../../../functions/scraper/define-scraper.ts';
import { overviewOf } from '../peers/tree-overview.ts';

/** The same by a function on the page's tree. */
export const overviewTree = defineScraper({
  name: 'overview-tree',
  pages: {
    page: {
      *parse({ $, response }) {
        yield overviewOf($, response.url);
      },
    },
  },
});
