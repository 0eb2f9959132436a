import { expandTemplate } from './template.ts';

/** Where a scraper starts: a URL, template or address of a list; several of them; or a function that gives URLs. */
export type StartUrls = string | readonly string[] | (() => Iterable<string> | AsyncIterable<string>);

/** Where a scraper starts: a URL, or another source of them that has to be opened. */
export type StartPart = { readonly url: string } | { readonly file: string } | { readonly sitemap: string };

const FILE = 'file:';
const SITEMAP = 'sitemap:';

/**
 * Goes through a scraper's `start`, in order and lazily:
 * - a text is a URL or a URL template (`{1..50}`, see {@link expandTemplate}),
 * - `file:<key>` a file of URLs in any format that can be dropped: an object of the bucket, under `urls/` or `jobs/`,
 * - `sitemap:<url>` a sitemap or sitemap index on the web,
 * - a list holds any of these; a function yields them, its URLs taken as they are, without templates.
 *
 * @throws {UsageError} code `bad-template`; what a function throws comes through as it is.
 */
export async function* readStart(start: StartUrls): AsyncGenerator<StartPart> {
  if (typeof start === 'function') {
    for await (const text of start()) yield otherSource(text) ?? { url: text };
    return;
  }
  for (const text of typeof start === 'string' ? [start] : start) {
    const other = otherSource(text);
    if (other) yield other;
    else for (const url of expandTemplate(text)) yield { url };
  }
}

function otherSource(text: string): StartPart | undefined {
  if (text.startsWith(FILE)) return { file: text.slice(FILE.length).trim() };
  return text.startsWith(SITEMAP) ? { sitemap: text.slice(SITEMAP.length).trim() } : undefined;
}
