import { defineScraper } from '../scraper/define-scraper.ts';

/** The sample shop of `urldrop demo`: lists with pagination that lead to products, which lead to related products. */
export default defineScraper({
  name: 'shop',
  pages: {
    list: {
      *parse({ follow }) {
        yield follow.all('.book h3 a', 'book');
        yield follow.all('a[rel=next]', 'list');
      },
    },
    book: {
      extract: {
        title: { selector: 'h1', required: true },
        author: '.author',
        price: { selector: '.price', as: 'number', required: true },
        regularPrice: { selector: '.regular-price', as: 'number' },
        stock: { selector: '.stock', as: (text) => Number(/\d+/.exec(text)?.[0] ?? 0) },
        published: { selector: 'time', attr: 'datetime', as: 'date' },
        isbn: { selector: 'tr:contains("ISBN") td', as: 'text' },
        tags: ['.tag'],
        cover: { selector: '.cover img', value: 'src' },
        description: '.description',
      },
      follow: { '.related a': 'book' },
    },
  },
});
