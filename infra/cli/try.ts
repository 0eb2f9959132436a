import { createFetcher } from '../../functions/fetch/fetcher.ts';
import type { FetchedPage } from '../../functions/fetch/types.ts';
import { errorKind, RequestError, UsageError } from '../../functions/job/errors.ts';
import type { Request } from '../../functions/job/request.ts';
import { optionTable } from '../../functions/options.ts';
import { unknownName } from '../../functions/job/nearest-name.ts';
import type { PageYield, Scraper } from '../../functions/scraper/types.ts';
import { scrapers } from '../../functions/scrapers/index.ts';
import { exitCodes } from './exit-codes.ts';
import { bytesText, countOf } from './number-text.ts';
import { functionOptionsOf } from './option-values.ts';
import { printable } from './printable.ts';
import { table } from './table.ts';
import type { TryFlags } from './try-command.ts';

const SHOWN_FOLLOWS = 20;
/** Fields beyond which a table helps nobody. */
const MAX_TABLE_ITEMS = 50;

/**
 * `urldrop try`: one page through the same fetcher and scraper as in a job; nothing is stored, and robots.txt is not asked, since a
 * person asks for this one page.
 */
export async function tryScraper(name: string, url: string, flags: TryFlags): Promise<number> {
  const scraper = scrapers[name];
  if (!scraper) throw new UsageError('unknown-scraper', `There is no scraper ${unknownName(name, Object.keys(scrapers))}`);
  if (flags.page !== undefined && !scraper.pageNames.includes(flags.page))
    throw new UsageError('unknown-page', `Scraper ${name} has no page type ${unknownName(flags.page, scraper.pageNames)}`);
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new UsageError('input', `${JSON.stringify(url)} is no URL: one begins with http:// or https://.`);
  const env: Readonly<Record<string, string | undefined>> = { ...process.env, ...functionOptionsOf(flags) };
  const { userAgent, allowedNetworks } = optionTable;
  const fetcher = createFetcher({
    userAgent: env[userAgent.env] ?? userAgent.default,
    allowedNetworks: env[allowedNetworks.env] ?? allowedNetworks.default,
    maxSockets: 4,
  });
  const request: Request = { url: new URL(url).href, ...(flags.page !== undefined && { page: flags.page }) };
  try {
    const page = await fetchPage(fetcher, scraper, request);
    const startedAt = performance.now();
    const found = await scraper.run(request, page);
    const extractMs = Math.round((performance.now() - startedAt) * 10) / 10;
    if (flags.json) process.stdout.write(`${JSON.stringify({ ...found, page: page.provenance, extractMs }, undefined, 2)}\n`);
    else process.stdout.write(report(page, found, extractMs));
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    process.stderr.write(`${printable(`${error.code}: ${error.message}`)}\n${errorKind(error.code).remedy}\n`);
    return exitCodes.failed;
  } finally {
    await fetcher.close();
  }
}

async function fetchPage(fetcher: ReturnType<typeof createFetcher>, scraper: Scraper, request: Request): Promise<FetchedPage> {
  const { timeout, maxBytes, accept, headers, maxRedirects } = scraper.request;
  const answer = await fetcher.fetch({
    url: request.url,
    method: 'GET',
    headers,
    timeoutMs: timeout,
    maxBytes,
    accept,
    maxRedirects,
    redirects: 0,
    isOwn: () => true,
  });
  if (answer.kind === 'page') return answer;
  throw new RequestError('internal', `${request.url}: led to ${answer.location}, which was not followed.`);
}

function report(page: FetchedPage, found: PageYield, extractMs: number): string {
  const { timings: t, wireBytes, decodedBytes } = page.provenance;
  const phases = [
    ...(t?.dns === undefined ? [] : [`dns ${t.dns} ms`]),
    ...(t?.connect === undefined ? [] : [`connect ${t.connect} ms`]),
    ...(t ? [`first byte ${t.firstByte} ms`, `whole ${t.total} ms`] : []),
    `extract ${extractMs} ms`,
  ];
  const lines = [
    `${page.status} ${page.url}`,
    `${page.contentType}, ${page.charset}, ${bytesText(wireBytes)}${decodedBytes === wireBytes ? '' : ` (${bytesText(decodedBytes)} decoded)`}`,
    phases.join(' · '),
    '',
    countOf(found.items.length, 'item'),
  ];
  if (found.items.length > 1) lines.push(table(found.items.slice(0, MAX_TABLE_ITEMS), process.stdout.columns ?? 100));
  else lines.push(...JSON.stringify(found.items[0] ?? null, undefined, 2).split('\n'));
  lines.push('', `${countOf(found.follows.length, 'request')} to follow`);
  for (const f of found.follows.slice(0, SHOWN_FOLLOWS)) lines.push(`  ${f.page ?? ''}  ${f.url}`);
  if (found.follows.length > SHOWN_FOLLOWS) lines.push(`  … and ${found.follows.length - SHOWN_FOLLOWS} more`);
  for (const [reason, count] of Object.entries(found.dropped ?? {})) lines.push(`${countOf(count, 'link')} not followed: ${reason}`);
  return `${lines.map(printable).join('\n')}\n`;
}
