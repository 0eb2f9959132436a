import type { CheerioAPI } from 'cheerio/slim';
import { getDomain } from 'tldts';
import { requestKey, type Json, type Request } from '../job/request.ts';
import { hostOf } from '../job/lane.ts';
import { AddressBase } from '../urls/address-base.ts';
import type { AnyNode, ElementNode } from './page-tree.ts';
import { isHeader, shown } from './scraper-options.ts';
import type { OptionValues } from './scraper-options.ts';
import type { DropReason } from './types.ts';

/** What `follow` takes: an address, a node with one, or any number of them. Nothing at all is no fault: `follow($('a.next'))` ends a pagination. */
export type FollowTarget = OneTarget | Iterable<OneTarget>;
type OneTarget = string | URL | AnyNode | null | undefined;

export interface FollowMore {
  /** Carried into every result and error line of the request. */
  readonly data?: Json;
  /** Absent: GET, or POST where there is a body. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string as it is; a URLSearchParams as a form; anything else as JSON. */
  readonly body?: string | URLSearchParams | Json;
}

/** Requests that a scraper yields to have them fetched. */
export class Follow {
  readonly requests: readonly Request[];

  constructor(requests: readonly Request[]) {
    this.requests = requests;
  }
}

/** Attributes that hold an element's address, first that is there. */
const ADDRESS_ATTRIBUTES = ['href', 'src', 'action'] as const;

/** Finds and checks the addresses on one page. */
export class Links {
  readonly dropped: Partial<Record<DropReason, number>> = {};
  /** What relative addresses resolve against: `<base href>` (HTML, section 4.2.3), else the page's own URL. */
  readonly baseUrl: string;
  readonly #base: AddressBase;
  readonly #url: string;
  #parsedUrl: URL | undefined;
  readonly #options: OptionValues<'follow'>;
  readonly #depth: number;
  readonly #maxDepth: number;
  readonly #firstPage: string;
  readonly #isClosed: boolean;
  readonly #seen = new Set<string>();

  constructor(page: {
    url: string;
    baseUrl: string;
    depth: number;
    maxDepth: number;
    firstPage: string;
    options: OptionValues<'follow'>;
    /** The page says to robots that its links are not to be followed. */
    nofollow?: boolean | undefined;
  }) {
    this.baseUrl = page.baseUrl;
    this.#base = new AddressBase(page.baseUrl);
    this.#url = page.url;
    this.#options = page.options;
    this.#isClosed = page.nofollow === true && page.options.nofollow !== 'ignore';
    this.#depth = page.depth;
    this.#maxDepth = page.maxDepth;
    this.#firstPage = page.firstPage;
  }

  /** The absolute http(s) URL of an address in normal form; undefined for anything else. */
  absolute(address: string): string | undefined {
    return this.#base.absolute(address);
  }

  /** @throws {TypeError} for a target that is no address, or a bad method or header. */
  follow(target: FollowTarget, pageName: string, more: FollowMore = {}): Follow {
    const common = this.#common(pageName, more);
    const requests: Request[] = [];
    for (const one of targets(target)) {
      const url = this.#admit(one);
      if (url !== undefined) requests.push({ url, ...common });
    }
    return new Follow(requests);
  }

  /** The requests of a yielded `follow` that are new to the page, no more than its share. */
  *take(follow: Follow): Generator<Request> {
    for (const request of follow.requests) {
      const key = requestKey(request);
      if (this.#seen.has(key)) continue;
      if (this.#seen.size < this.#options.maxLinks) {
        this.#seen.add(key);
        yield request;
      } else this.drop('links');
    }
  }

  #admit(target: string | URL | AnyNode): string | undefined {
    if (isElement(target) && this.#options.nofollow === 'links' && /\bnofollow\b/i.test(target.attribs['rel'] ?? '')) {
      return this.drop('nofollow');
    }
    const address = ownAddress(target);
    if (address === undefined) return undefined;
    if (this.#isClosed) return this.drop('nofollow');
    const url = this.absolute(address);
    if (url === undefined) return this.drop('scheme');
    if (!this.#isWithin(url)) return this.drop('elsewhere');
    if (this.#depth + 1 > this.#maxDepth) return this.drop('depth');
    return url;
  }

  /** Parsed where a link has to be compared with it. */
  #pageUrl(): URL {
    return (this.#parsedUrl ??= new URL(this.#url));
  }

  #isWithin(target: string): boolean {
    const { within, hosts } = this.#options;
    if (within === 'any' || hostOf(target) === this.#pageUrl().host) return true;
    const url = new URL(target);
    if (within === 'site' && siteOf(url) === siteOf(this.#pageUrl())) return true;
    return hosts.some((h) => (h.startsWith('*.') ? url.hostname.endsWith(h.slice(1)) : h === url.host || h === url.hostname));
  }

  #common(pageName: string, more: FollowMore): Omit<Request, 'url'> {
    for (const [name, value] of Object.entries(more.headers ?? {})) {
      if (!isHeader(name, value))
        throw new TypeError(`follow() got a header that HTTP does not allow: ${JSON.stringify(name)}: ${shown(value)}.`);
    }
    const body = encodeBody(more.body);
    const method = more.method?.toUpperCase() ?? (body ? 'POST' : 'GET');
    if (!/^[A-Z]{1,20}$/.test(method)) throw new TypeError(`follow() got a method that HTTP does not know: ${shown(more.method)}.`);
    const headers = { ...(body?.type !== undefined && { 'content-type': body.type }), ...lowerCased(more.headers) };
    return {
      ...(pageName !== this.#firstPage && { page: pageName }),
      ...(method !== 'GET' && { method }),
      ...(Object.keys(headers).length > 0 && { headers }),
      ...(body && { body: body.text }),
      ...(more.data !== undefined && { data: more.data }),
      depth: this.#depth + 1,
    };
  }

  /** Counts a link that is not followed. */
  drop(reason: DropReason): undefined {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + 1;
  }
}

/** The page's own `<base href>`, resolved; its URL without one (HTML, section 4.2.3: the first with an href counts). */
export function baseUrlOf($: CheerioAPI, pageUrl: string): string {
  const href = $('base[href]').first().attr('href');
  const base = href === undefined ? undefined : URL.parse(href.trim(), pageUrl);
  return base && /^https?:$/.test(base.protocol) ? base.href : pageUrl;
}

/** The page's own word on its address, absolute (RFC 6596); undefined without one. */
export function canonicalOf($: CheerioAPI, absolute: (address: string) => string | undefined): string | undefined {
  const href = $('link[rel~="canonical" i][href]').first().attr('href');
  return href === undefined ? undefined : absolute(href);
}

function* targets(target: FollowTarget): Generator<string | URL | AnyNode> {
  if (target === null || target === undefined) return;
  if (typeof target === 'string' || target instanceof URL || isNode(target)) yield target;
  else if (typeof target === 'object' && Symbol.iterator in target) for (const one of target) yield* targets(one);
  else throw new TypeError(`follow() takes a URL, an element or a selection, not ${shown(target)}.`);
}

function ownAddress(target: string | URL | AnyNode): string | undefined {
  if (typeof target === 'string') return target;
  if (target instanceof URL) return target.href;
  if (!isElement(target)) return undefined;
  const name = ADDRESS_ATTRIBUTES.find((attribute) => target.attribs[attribute] !== undefined);
  return name && target.attribs[name];
}

function isNode(value: object): value is AnyNode {
  return typeof value === 'object' && 'type' in value && 'parent' in value;
}

function isElement(target: string | URL | AnyNode): target is ElementNode {
  return typeof target === 'object' && 'attribs' in target;
}

/**
 * The first address of a target, as it stands there.
 *
 * @throws {TypeError} for what is no target.
 */
export function addressOf(target: FollowTarget): string | undefined {
  for (const one of targets(target)) {
    const address = ownAddress(one);
    if (address !== undefined) return address;
  }
  return undefined;
}

function encodeBody(body: FollowMore['body']): { text: string; type?: string } | undefined {
  if (body === undefined) return undefined;
  if (typeof body === 'string') return { text: body };
  if (body instanceof URLSearchParams) return { text: body.toString(), type: 'application/x-www-form-urlencoded' };
  return { text: JSON.stringify(body), type: 'application/json' };
}

export function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Registrable domain; for an address or a local name, the host name without the port. */
function siteOf(url: URL): string {
  return getDomain(url.hostname, { allowPrivateDomains: true }) ?? url.hostname;
}
