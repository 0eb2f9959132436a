import article from '../../../functions/scrapers/article.ts';
import { run } from '../../scraper/run.ts';

/** The article of a page, by way of all that a bundle unpacks for it. */
export const handler = async (html: string): Promise<unknown> => (await run(article, html)).items;
