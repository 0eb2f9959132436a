import type { FetchedPage } from '../../functions/fetch/types.ts';
import { RequestError } from '../../functions/job/errors.ts';
import type { Request } from '../../functions/job/request.ts';
import { buildScraper } from '../../functions/scraper/define-scraper.ts';
import type { FieldMap } from '../../functions/scraper/extract-types.ts';
import type { PageYield, RunContext, Scraper } from '../../functions/scraper/types.ts';
import { pageOf } from './page-of.ts';

/** Runs a scraper over a page. */
export function run(
  scraper: Scraper,
  body: string,
  more: { page?: Partial<FetchedPage>; request?: Partial<Request>; context?: RunContext } = {},
): Promise<PageYield> {
  const page = pageOf(body, more.page);
  return scraper.run({ url: page.url, ...more.request }, page, more.context);
}

/** The item that a map gives on a page. */
export async function extractFrom(body: string, extract: FieldMap, page: Partial<FetchedPage> = {}): Promise<unknown> {
  const scraper = buildScraper({ name: 'test', pages: { page: { extract } } }, undefined);
  return (await run(scraper, body, { page })).items[0];
}

/** The error that a page ends with; fails where it does not. */
export async function errorOf(promise: Promise<unknown>): Promise<RequestError> {
  const error = await promise.then(
    (value) => new Error(`no error, but ${JSON.stringify(value)?.slice(0, 200)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof RequestError) return error;
  throw error;
}
