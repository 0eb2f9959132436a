import { secretNamed } from '../../functions/aws/secrets.ts';
import { CookieJar } from '../../functions/fetch/cookie-jar.ts';
import { createFetcher } from '../../functions/fetch/fetcher.ts';
import type { FetchedPage } from '../../functions/fetch/types.ts';
import { RequestError, UsageError } from '../../functions/job/errors.ts';
import { optionTable } from '../../functions/options.ts';
import { fetchRequestOf } from '../../functions/scrape/fetch-request.ts';
import type { RequestOptions } from '../../functions/scraper/types.ts';
import { functionOptionsOf, type ProxiesFlag } from './option-values.ts';

/** @throws {UsageError} code `input`. */
export function pageUrl(text: string): string {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
    throw new UsageError('input', `${JSON.stringify(text)} is no URL: one begins with http:// or https://.`);
  return new URL(text).href;
}

/**
 * Fetches one page as a job would, but for robots.txt, which is not asked: a person wants this one page.
 *
 * @throws {RequestError} why it cannot be had.
 */
export async function fetchOnePage(
  url: string,
  options: RequestOptions,
  flags: { allowPrivate?: true; proxies?: ProxiesFlag },
): Promise<FetchedPage> {
  const env: Readonly<Record<string, string | undefined>> = { ...process.env, ...functionOptionsOf(flags) };
  const { userAgent, allowedNetworks, proxies, proxiesSecret } = optionTable;
  const fetcher = createFetcher({
    userAgent: env[userAgent.env] ?? userAgent.default,
    allowedNetworks: env[allowedNetworks.env] ?? allowedNetworks.default,
    proxies: env[proxies.env] ?? proxies.default,
    proxySecret: secretNamed(env[proxiesSecret.env] ?? proxiesSecret.default),
    maxSockets: 4,
  });
  try {
    const cookies = options.cookies === 'keep' ? new CookieJar() : undefined;
    const context = { isOwn: () => true, onSent: () => {}, signal: new AbortController().signal, cookies };
    const answer = await fetcher.fetch(fetchRequestOf({ url }, options, context));
    if (answer.kind === 'page') return answer;
    throw new RequestError('internal', `${url}: led to ${answer.location}, which was not followed.`);
  } finally {
    await fetcher.close();
  }
}
