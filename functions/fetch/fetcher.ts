import { hash } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { RequestError } from '../job/errors.ts';
import { AddressGuard } from './address-guard.ts';
import { BodyBudget } from './body-budget.ts';
import { decodeText, sniffCharset } from './charset.ts';
import { Connections, type Route } from './connections.ts';
import { ACCEPT_ENCODING, DecodeError, decodeBody, parseCodings } from './content-coding.ts';
import { acceptHeader, accepts, guessMediaType, parseContentType } from './content-type.ts';
import { Dialler } from './dialler.ts';
import { Exchange, type Answer, type BodyPlan } from './exchange.ts';
import { toRequestError } from './failure.ts';
import { NameLookup } from './name-lookup.ts';
import { followRedirect, isRedirect, withoutCredentials, type Hop } from './redirect.ts';
import { parseProxies, ProxyRotation } from './proxies.ts';
import { readPageRobots } from './page-robots.ts';
import { productToken } from './robots.ts';
import { parseRetryAfter } from './retry-after.ts';
import { isRepeatable } from './retry-timing.ts';
import type { FetchedPage, Fetcher, FetchRequest, RedirectedElsewhere, Validators } from './types.ts';

export interface FetcherOptions {
  /** Sent with every request that sets none of its own. */
  readonly userAgent: string;
  /** CIDR blocks beside the public web, comma separated; `*` = any. See {@link AddressGuard}. */
  readonly allowedNetworks: string;
  /** Sockets open at one time; what needs one more waits. */
  readonly maxSockets: number;
  /** Time for TCP and TLS, ms. */
  readonly connectTimeoutMs?: number;
  /** Time from the request's last byte to the answer's headers, ms. */
  readonly headersTimeoutMs?: number;
  /** Silence within a body, ms. */
  readonly bodyTimeoutMs?: number;
  readonly maxHeaderBytes?: number;
  readonly maxHeaders?: number;
  /** Bytes of unfinished bodies that are held at one time, over all fetches. */
  readonly maxHeldBytes?: number;
  readonly allowH2?: boolean;
  /** Certificate authorities in place of Node's own list, PEM. */
  readonly ca?: string;
  /** Proxies to go through in turn, see {@link parseProxies}; absent or empty: straight. */
  readonly proxies?: readonly string[];
  /** Name servers in place of the system's, `address[:port]`. */
  readonly nameServers?: readonly string[];
  /** Clock for dates and for what is kept for a time, ms since the epoch. */
  readonly now?: () => number;
}

/** Headers that belong to the connection; a scraper's own would break the framing or the routing. */
const CONNECTION_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
]);

const DEFAULTS = {
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 30_000,
  bodyTimeoutMs: 30_000,
  /** Node allows 16 KiB; sites with long policies and cookies send more. */
  maxHeaderBytes: 65_536,
  maxHeaders: 256,
  maxHeldBytes: 64_000_000,
  allowH2: true,
  now: Date.now,
} as const;

/**
 * Opens the HTTP side of urldrop: guarded connections, limits, redirects, decoding.
 *
 * @throws {UsageError} code `bad-option` if `allowedNetworks` names no network.
 */
export function createFetcher(options: FetcherOptions): Fetcher {
  const settings = { ...DEFAULTS, ...options };
  const guard = new AddressGuard(options.allowedNetworks);
  const names = new NameLookup({ ...(options.nameServers && { servers: options.nameServers }), now: settings.now });
  const { maxSockets, maxHeaderBytes, allowH2, connectTimeoutMs, ca } = settings;
  const connections = new Connections({
    dialler: new Dialler({ guard, names, connectTimeoutMs, allowH2, ca }),
    maxSockets,
    maxHeaderBytes,
    allowH2,
  });
  const proxies = new ProxyRotation(parseProxies(options.proxies ?? []));
  const budget = new BodyBudget(settings.maxHeldBytes);
  return {
    async fetch(request) {
      const proxy = proxies.pick(settings.now());
      const fetch = new Fetch(request, settings, connections, connections.route(proxy), budget);
      if (!proxy) return fetch.run();
      let failed = false;
      try {
        return await fetch.run();
      } catch (error) {
        failed = error instanceof RequestError && error.code === 'proxy';
        throw error;
      } finally {
        proxies.report(proxy, failed, settings.now());
      }
    },
    proxyStats: () => proxies.stats(),
    async close() {
      names.close();
      await connections.close();
    },
  };
}

type Settings = FetcherOptions & Required<Pick<FetcherOptions, keyof typeof DEFAULTS>>;

/** One fetch: a chain of exchanges under one deadline. */
class Fetch {
  readonly #request: FetchRequest;
  readonly #settings: Settings;
  readonly #connections: Connections;
  readonly #route: Route;
  readonly #budget: BodyBudget;
  readonly #startedAt = performance.now();
  readonly #fetchedAt: string;
  #label: string;
  #current: Exchange | undefined;
  #ended: RequestError | undefined;

  constructor(request: FetchRequest, settings: Settings, connections: Connections, route: Route, budget: BodyBudget) {
    this.#route = route;
    this.#budget = budget;
    this.#request = request;
    this.#settings = settings;
    this.#fetchedAt = new Date(settings.now()).toISOString();
    this.#connections = connections;
    this.#label = `${request.method} ${show(request.url)}`;
  }

  async run(): Promise<FetchedPage | RedirectedElsewhere> {
    const { timeoutMs, signal } = this.#request;
    const cancel = (): void => this.#end(this.#error('cancelled', 'stopped by the caller', { cause: signal?.reason }));
    const deadline = setTimeout(() => {
      const phase = this.#current?.phase ?? 'connecting';
      const bytes = phase === 'reading the body' ? ` (${this.#current?.wireBytes ?? 0} bytes so far)` : '';
      this.#end(this.#error('timeout', `not there whole after ${timeoutMs} ms; ended while ${phase}${bytes}`));
    }, timeoutMs);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      if (signal?.aborted) cancel();
      return await this.#follow();
    } catch (error) {
      throw toRequestError(error, this.#label);
    } finally {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', cancel);
    }
  }

  #end(error: RequestError): void {
    this.#ended ??= error;
    this.#current?.fail(error);
  }

  async #follow(): Promise<FetchedPage | RedirectedElsewhere> {
    let hop = this.#firstHop();
    const visited = new Set<string>();
    for (let redirects = this.#request.redirects; ; redirects++) {
      const sent = this.#withCookies(hop);
      // The same URL with new cookies is another request: a wall that sets one and sends back is no circle.
      visited.add(visit(sent));
      const answer = await this.#exchange(sent);
      this.#storeCookies(hop.url, answer);
      if (!isRedirect(answer.status)) return this.#page(hop, answer);
      const next = followRedirect(hop, answer.status, answer.headers['location']);
      if ('refused' in next) throw this.#error('bad-redirect', `redirect with status ${answer.status} refused: ${next.refused}`, answer);
      const target = next.hop.url.href;
      if (redirects + 1 > this.#request.maxRedirects)
        throw this.#error('redirect-loop', `more than ${this.#request.maxRedirects} redirects, the last to ${show(target)}`, answer);
      if (visited.has(visit(this.#withCookies(next.hop))))
        throw this.#error('redirect-loop', `redirected in a circle, back to ${show(target)}`, answer);
      if (!this.#request.isOwn(target)) return { kind: 'elsewhere', location: target, redirects: redirects + 1, method: next.hop.method };
      hop = next.hop;
    }
  }

  #firstHop(): Hop {
    const { url: raw, method, body } = this.#request;
    const url = URL.parse(raw);
    if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
      throw this.#error('bad-url', 'no http(s) URL; one begins with http:// or https://');
    const given = Object.entries(this.#request.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    let headers: Record<string, string> = {
      'user-agent': this.#settings.userAgent,
      accept: acceptHeader(this.#request.accept),
      'accept-encoding': ACCEPT_ENCODING,
      ...conditions(this.#request.validators),
      ...Object.fromEntries(given.filter(([name]) => !CONNECTION_HEADERS.has(name))),
    };
    const { credentialsFor } = this.#request;
    if (credentialsFor !== undefined && URL.parse(credentialsFor)?.origin !== url.origin) headers = withoutCredentials(headers);
    if (url.username !== '' || url.password !== '') {
      headers['authorization'] ??= `Basic ${Buffer.from(`${plain(url.username)}:${plain(url.password)}`).toString('base64')}`;
      url.username = '';
      url.password = '';
    }
    url.hash = '';
    return { url, method, headers, body };
  }

  #withCookies(hop: Hop): Hop {
    const kept = this.#request.cookies?.header(hop.url, this.#settings.now());
    if (kept === undefined) return hop;
    const own = hop.headers['cookie'];
    return { ...hop, headers: { ...hop.headers, cookie: own === undefined ? kept : `${own}; ${kept}` } };
  }

  #storeCookies(url: URL, answer: Answer): void {
    const set = answer.headers['set-cookie'];
    if (set !== undefined) this.#request.cookies?.store(url, set, this.#settings.now());
  }

  /** One request, and a second on a new socket if the first met a kept-alive connection that had died in the meantime. */
  async #exchange(hop: Hop): Promise<Answer> {
    const first = this.#dispatch(hop, this.#route.agent);
    try {
      return await first.answer;
    } catch (error) {
      // Used before, and broken before a byte of the answer: the server had closed it while it was idle.
      const stale = !first.answered && (first.connection?.uses ?? 0) > 1 && toRequestError(error, this.#label).code === 'connect';
      if (this.#ended || !stale || !isRepeatable(hop.method)) throw error;
      return await this.#dispatch(hop, this.#route.fresh).answer;
    } finally {
      this.#connections.relieve();
    }
  }

  #dispatch(hop: Hop, via: Dispatcher): Exchange {
    const exchange = new Exchange({
      plan: (status, headers) => this.#plan(status, headers),
      budget: this.#budget,
      isHead: hop.method === 'HEAD',
      maxHeaders: this.#settings.maxHeaders,
      tooManyHeaders: (count) => this.#error('too-large', `${count} header fields, ${this.#settings.maxHeaders} at most`),
    });
    this.#current = exchange;
    if (this.#ended) exchange.fail(this.#ended);
    else {
      const forwardHeaders = this.#route.forwardHeaders(hop.url.protocol);
      const options: Dispatcher.DispatchOptions = {
        origin: hop.url.origin,
        // A proxy is told the whole URL (RFC 9112, section 3.2.2).
        path: (forwardHeaders ? hop.url.origin : '') + hop.url.pathname + hop.url.search,
        method: hop.method,
        headers: Object.entries({ ...hop.headers, ...forwardHeaders }).flat(),
        body: hop.body ?? null,
        headersTimeout: this.#settings.headersTimeoutMs,
        bodyTimeout: this.#settings.bodyTimeoutMs,
      };
      via.dispatch(options, exchange);
    }
    return exchange;
  }

  #plan(status: number, headers: Readonly<Record<string, string>>): BodyPlan {
    if (status < 200 || status > 299) return { kind: 'skip' };
    const { accept, maxBytes } = this.#request;
    const { mediaType } = parseContentType(headers['content-type']);
    if (mediaType !== '' && !accepts(accept, mediaType)) return { kind: 'skip' };
    const codings = this.#codings(headers);
    return {
      kind: 'read',
      maxBytes,
      tooLarge: (seen) => this.#error('too-large', `more than ${maxBytes} bytes: ${seen}`, { status }),
      ...(codings.length > 0 && {
        check: (received: Buffer) => void this.#decode(received, codings, status, true),
      }),
    };
  }

  #page(hop: Hop, answer: Answer): FetchedPage {
    const { status, headers } = answer;
    if (status === 407 && this.#route.proxy)
      throw this.#error('proxy', `proxy ${this.#route.proxy.label} refuses its credentials (status 407)`);
    if (status < 200 || status > 299) {
      const retryAfterMs = parseRetryAfter(headers['retry-after'], this.#settings.now());
      throw this.#error(`http-${status}`, `status ${status}`, { status, ...(retryAfterMs !== undefined && { retryAfterMs }) });
    }
    if (status === 206 && !Object.keys(hop.headers).includes('range'))
      throw this.#error('protocol', 'status 206: a part of the page, though the whole was asked for', { status });
    const declared = parseContentType(headers['content-type']);
    const accept = this.#request.accept;
    const body = this.#decode(answer.body, this.#codings(headers), status, false);
    const contentType = declared.mediaType === '' ? guessMediaType(body) : declared.mediaType;
    // Nothing at all (status 204, say) is of no type, and nobody asked for another.
    const isBlank = body.length === 0 && declared.mediaType === '';
    if (!isBlank && !accepts(accept, contentType))
      throw this.#error('content-type', `${contentType} is none of ${accept.join(', ')}`, { status });
    const charset = sniffCharset(body, contentType, declared.charset);
    const url = hop.url.href;
    let text: string | undefined;
    const total = performance.now();
    const { connection } = answer;
    const robots = readPageRobots(headers, contentType === 'text/html' ? body : undefined, productToken(this.#settings.userAgent));
    return {
      kind: 'page',
      url,
      status,
      headers,
      body,
      contentType,
      charset,
      text: () => (text ??= decodeText(body, charset)),
      ...(robots && { robots }),
      provenance: {
        fetchedAt: this.#fetchedAt,
        status,
        ...(url !== this.#request.url && { finalUrl: url }),
        contentType,
        charset,
        wireBytes: answer.wireBytes,
        decodedBytes: body.length,
        contentHash: hash('sha256', body, 'hex'),
        ...(robots && robots.directives.length > 0 && { robots: robots.directives }),
        ...(robots && robots.signals.length > 0 && { signals: robots.signals }),
        timings: {
          ...(connection?.uses === 1 && { dns: round(connection.dnsMs), connect: round(connection.connectMs) }),
          firstByte: round(answer.headersAt - this.#startedAt),
          total: round(total - this.#startedAt),
        },
      },
    };
  }

  #codings(headers: Readonly<Record<string, string>>): readonly string[] {
    try {
      return parseCodings(headers['content-encoding']);
    } catch (error) {
      throw this.#error('protocol', (error as Error).message, { cause: error });
    }
  }

  #decode(bytes: Buffer, codings: readonly string[], status: number, partial: boolean): Buffer {
    if (codings.length === 0) return bytes;
    try {
      return decodeBody(bytes, codings, this.#request.maxBytes, partial);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw this.#error(error.kind === 'too-large' ? 'too-large' : 'protocol', error.message, { status, cause: error });
    }
  }

  #error(
    code: RequestError['code'],
    message: string,
    more: { status?: number; retryAfterMs?: number; cause?: unknown } = {},
  ): RequestError {
    const { status, retryAfterMs, cause } = more;
    return new RequestError(code, `${this.#label}: ${message}`, {
      ...(status !== undefined && { status }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(cause !== undefined && { cause }),
    });
  }
}

/** What tells two requests of a redirect chain apart. */
function visit({ method, url, headers }: Hop): string {
  return `${method} ${url.href} ${headers['cookie'] ?? ''}`;
}

/** RFC 9110, section 13.1. */
function conditions(validators: Validators | undefined): Record<string, string> {
  return {
    ...(validators?.etag !== undefined && { 'if-none-match': validators.etag }),
    ...(validators?.lastModified !== undefined && { 'if-modified-since': validators.lastModified }),
  };
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign stands for itself.
    return text;
  }
}

/** A URL for messages: without user name and password, and of bearable length. */
function show(raw: string): string {
  const bare = raw.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, '$1');
  return bare.length > 300 ? `${bare.slice(0, 300)}…` : bare;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
