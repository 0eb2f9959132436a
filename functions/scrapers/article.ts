import { defineScraper } from '../scraper/define-scraper.ts';
import { readArticle } from './article-reader.ts';

/** The article of a page: its text without what stands around it, as plain text and as Markdown, and who wrote it when. */
export default defineScraper({
  name: 'article',
  // Readability wants the html, head and body that browsers give to every page.
  parser: 'html5',
  follow: { maxDepth: 0 },
  // The page stands in memory as two trees, the second at about 300 bytes a node.
  limits: { maxNodes: 250_000 },
  pages: {
    page: {
      async *parse(context) {
        // Loaded with the first page: nobody else should pay for them.
        const libraries = await import('./article-libraries.ts');
        yield context.inTime(() => readArticle(context, libraries));
      },
    },
  },
});
