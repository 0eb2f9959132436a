import { defineScraper } from '../scraper/define-scraper.ts';

/**
 * An example of an old board: a hundred lists that count by thirties, tables inside of tables, and a charset that its pages do not own up to.
 * Put the site that you mean into `start`.
 */
export default defineScraper({
  name: 'complaints',
  start: 'https://board.example/index.php/question/questionType?type=4&page={0..2970..30}',
  charset: 'gbk',
  pages: {
    list: {
      each: '.greyframe table table tr:has(a.news14)',
      extract: {
        number: { selector: 'td', as: 'number', required: true },
        kind: { selector: 'a.red14', match: /\[(.+)\]/ },
        title: { selector: 'a.news14', required: true },
        url: { selector: 'a.news14', attr: 'href', as: 'url' },
        place: { selector: 'a.t12h', match: /\[(.+)\]/ },
        status: 'td:nth-child(3)',
        author: 'td:nth-child(4)',
        date: { selector: '.t12wh', as: 'date' },
      },
    },
  },
});
