import { load } from 'cheerio';

export const handler = (html: string): string => load(html)('title').text();
