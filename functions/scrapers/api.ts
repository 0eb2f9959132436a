import { defineScraper } from '../scraper/define-scraper.ts';
import { withQuery } from '../scraper/pagination.ts';

interface Quote {
  readonly id: number;
  readonly text: string;
  readonly author: string;
}

/**
 * An example of a JSON API: a list that is paged by number, then a search by POST that hands out a cursor. Put the API that you mean into
 * `start`.
 */
export default defineScraper({
  name: 'api',
  start: 'https://api.example/quotes',
  request: { accept: ['application/json'] },
  pages: {
    list: {
      *parse({ json, follow, response }) {
        const { page, pages, quotes } = json<{ page: number; pages: number; quotes: Quote[] }>();
        yield* quotes;
        if (page < pages) yield follow(withQuery(response.url, { page: page + 1 }));
        else yield follow('/search', 'search', { body: { author: 'Author 3' } });
      },
    },
    search: {
      *parse({ json, follow, request }) {
        const { results, next } = json<{ results: Quote[]; next: number | null }>();
        for (const { id } of results) yield { found: id };
        if (next !== null) yield follow('/search', 'search', { body: { ...(JSON.parse(request.body ?? '{}') as object), cursor: next } });
      },
    },
  },
});
