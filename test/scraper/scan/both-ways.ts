import { RequestError } from '../../../functions/job/errors.ts';
import type { PageDefinition } from '../../../functions/scraper/definition.ts';
import { Extraction } from '../../../functions/scraper/extract.ts';
import { baseUrlOf, Links } from '../../../functions/scraper/links.ts';
import { buildTree } from '../../../functions/scraper/page-tree.ts';
import { compileScan, type PageScan } from '../../../functions/scraper/scan/page-scan.ts';
import type { TreeLimits } from '../../../functions/scraper/tree-limits.ts';
import { LIMITS, parsedTree } from './tree-of-scan.ts';

type Declared = Pick<PageDefinition<string>, 'extract' | 'each' | 'follow'>;

/** Items and links of a page, or the error that it ends with. */
export type Outcome = { readonly items: unknown[]; readonly follows: unknown[] } | { readonly code: string; readonly message: string };

export const PAGE_URL = 'https://a.example/dir/page';

export function linksWith(baseUrl: string): Links {
  const options = { maxDepth: 5, maxLinks: 1_000, maxRequests: 1_000_000, within: 'any', hosts: [], nofollow: 'links' } as const;
  return new Links({ url: PAGE_URL, baseUrl, depth: 0, maxDepth: 5, firstPage: 'page', options });
}

/** What a page type gives on a tree: the reference. */
export function byTree({ extract, each, follow }: Declared, page: Buffer, limits: TreeLimits = LIMITS): Outcome {
  return outcomeOf(() => {
    const $ = parsedTree(new TextDecoder().decode(page), limits);
    const links = linksWith(baseUrlOf($, PAGE_URL));
    const extraction = new Extraction({ $, url: PAGE_URL, absolute: (address) => links.absolute(address), download: () => undefined });
    const scopes =
      each === undefined
        ? [$.root()]
        : $(each)
            .toArray()
            .map((element) => $(element));
    const items = extract ? scopes.map((scope) => extraction.map(extract, scope)) : [];
    const follows = Object.entries(follow ?? {}).flatMap(([selector, name]) => Array.from(links.take(links.follow($(selector), name))));
    return { items, follows };
  });
}

/** What it gives on a scan; undefined where that leaves the page to the tree. */
export function byScan(scan: PageScan, page: Buffer, limits: TreeLimits = LIMITS): Outcome | undefined {
  const text = (): string => new TextDecoder().decode(page);
  let isUndecided = false;
  const outcome = outcomeOf(() => {
    const scanned = scan.read({ body: page, charset: 'UTF-8', text }, limits);
    if (!scanned) {
      isUndecided = true;
      return { items: [], follows: [] };
    }
    const links = linksWith(scanned.baseUrl(PAGE_URL));
    const tree = () => buildTree(text(), { ...limits, parser: 'htmlparser2', xml: false, baseUrl: PAGE_URL });
    let $: ReturnType<typeof tree> | undefined;
    const items = [
      ...scanned.items({
        url: PAGE_URL,
        absolute: (address) => links.absolute(address),
        download: () => undefined,
        tree: () => ($ ??= tree()),
      }),
    ];
    const follows = [...scanned.follow()].flatMap(({ pageName, elements }) => Array.from(links.take(links.follow(elements, pageName))));
    return { items, follows };
  });
  return isUndecided ? undefined : outcome;
}

export { compileScan };

function outcomeOf(run: () => Outcome): Outcome {
  try {
    return run();
  } catch (error) {
    if (error instanceof RequestError) return { code: error.code, message: error.message };
    throw error;
  }
}
