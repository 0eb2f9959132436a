import type { Scraper } from '../scraper/types.ts';
import api from './api.ts';
import article from './article.ts';
import clips from './clips.ts';
import complaints from './complaints.ts';
import feed from './feed.ts';
import members from './members.ts';
import page from './page.ts';
import shop from './shop.ts';
import sitemap from './sitemap.ts';
import tables from './tables.ts';

/** Every scraper by its name. A new one is a file in this folder and a line in this list. */
export const scrapers: Readonly<Record<string, Scraper>> = Object.fromEntries(
  [page, article, shop, sitemap, feed, tables, clips, complaints, members, api].map((scraper) => [scraper.name, scraper]),
);
