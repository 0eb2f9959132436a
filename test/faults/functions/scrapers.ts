import { scraper } from '../../helpers/scrapers.ts';

/** Follows every link of the fault sites. Two requests a host at a time, so that calls of one invocation interleave. */
export const faultScraper = scraper({ name: 'fault', politeness: { concurrency: 2 } });
