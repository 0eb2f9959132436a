import { defineScraper } from '../scraper/define-scraper.ts';
import { describePage } from './page-facts.ts';

/** The scraper for URLs without one: what any page says about itself. */
export default defineScraper({
  name: 'page',
  pages: {
    page: {
      *parse(context) {
        yield describePage(context);
      },
    },
  },
});
