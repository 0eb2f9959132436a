import { defineScraper } from '../scraper/define-scraper.ts';
import { describePage } from './page-facts.ts';

/** The scraper for URLs without one: what any page says about itself. */
export default defineScraper({
  name: 'page',
  // Its links are data: a job without followed links needs no record of what it has seen.
  follow: { maxDepth: 0 },
  pages: {
    page: {
      *parse(context) {
        yield describePage(context);
      },
    },
  },
});
