import { defineScraper } from '../scraper/define-scraper.ts';
import { readTables } from './table-rows.ts';

/** Every table of a page, one item for each row: for any URL that shows figures. */
export default defineScraper({
  name: 'tables',
  // A table without tbody or with misplaced content is read as a browser shows it.
  parser: 'html5',
  pages: {
    page: {
      *parse({ $ }) {
        yield* readTables($);
      },
    },
  },
});
