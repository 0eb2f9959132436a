import type { Dispatcher } from 'undici';
import { RequestError, type ErrorCode } from '../job/errors.ts';
import type { BodyBudget } from './body-budget.ts';
import type { Connections, Route } from './connections.ts';
import { DecodeError, decodeBody, parseCodings } from './content-coding.ts';
import { accepts, guessMediaType, parseContentType } from './content-type.ts';
import { Exchange, type Answer, type BodyPlan } from './exchange.ts';
import { toRequestError } from './failure.ts';
import { firstHop } from './first-hop.ts';
import { makePage } from './page.ts';
import { followRedirect, isRedirect, type Hop } from './redirect.ts';
import { parseRetryAfter } from './retry-after.ts';
import { isRepeatable } from './retry-timing.ts';
import type { FetchedPage, FetchRequest, RedirectedElsewhere } from './types.ts';

export interface FetchSettings {
  readonly userAgent: string;
  /** The crawler's product token, lower case. */
  readonly agentToken: string;
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly maxHeaders: number;
  readonly now: () => number;
}

/** What a fetch works with. */
export interface FetchTools {
  readonly settings: FetchSettings;
  readonly connections: Connections;
  readonly route: Route;
  readonly budget: BodyBudget;
}

/** One fetch: a chain of exchanges under one deadline. */
export class FetchRun {
  readonly #request: FetchRequest;
  readonly #tools: FetchTools;
  readonly #startedAt = performance.now();
  /** Begins every message: what was fetched, without credentials. */
  #label: string;
  #current: Exchange | undefined;
  #ended: RequestError | undefined;

  constructor(request: FetchRequest, tools: FetchTools) {
    this.#request = request;
    this.#tools = tools;
    this.#label = `${request.method} ${show(request.url)}`;
  }

  /** @throws {RequestError} */
  async go(): Promise<FetchedPage | RedirectedElsewhere> {
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
    const request = this.#request;
    const first = firstHop(request, this.#tools.settings.userAgent);
    if (!first) throw this.#error('bad-url', 'no http(s) URL; one begins with http:// or https://');
    const fetchedAt = new Date(this.#tools.settings.now()).toISOString();
    const visited = new Set<string>();
    let hop = first;
    for (let redirects = request.redirects; ; redirects++) {
      const sent = this.#withCookies(hop);
      const answer = await this.#exchange(sent);
      this.#storeCookies(hop.url, answer);
      if (!isRedirect(answer.status)) return this.#page(hop, answer, redirects > 0, fetchedAt);
      const next = followRedirect(hop, answer.status, answer.headers['location']);
      if ('refused' in next) throw this.#error('bad-redirect', `redirect with status ${answer.status} refused: ${next.refused}`, answer);
      const target = next.hop.url.href;
      if (redirects + 1 > request.maxRedirects)
        throw this.#error('redirect-loop', `more than ${request.maxRedirects} redirects, the last to ${show(target)}`, answer);
      // The same URL with new cookies is another request: a wall that sets one and sends back is no circle.
      visited.add(visit(sent));
      if (visited.has(visit(this.#withCookies(next.hop))))
        throw this.#error('redirect-loop', `redirected in a circle, back to ${show(target)}`, answer);
      if (!request.isOwn(target)) return { kind: 'elsewhere', location: target, redirects: redirects + 1, method: next.hop.method };
      ({ hop } = next);
      this.#label = `${request.method} ${show(request.url)} (redirected to ${show(target)})`;
    }
  }

  #withCookies(hop: Hop): Hop {
    const kept = this.#request.cookies?.header(hop.url, this.#tools.settings.now());
    if (kept === undefined) return hop;
    const own = hop.headers['cookie'];
    return { ...hop, headers: { ...hop.headers, cookie: own === undefined ? kept : `${own}; ${kept}` } };
  }

  #storeCookies(url: URL, answer: Answer): void {
    const set = answer.headers['set-cookie'];
    if (set !== undefined) this.#request.cookies?.store(url, set, this.#tools.settings.now());
  }

  /** One request, and a second on a new socket if the first met a kept-alive connection that had died in the meantime. */
  async #exchange(hop: Hop): Promise<Answer> {
    const { route, connections } = this.#tools;
    const first = this.#dispatch(hop, route.agent);
    try {
      return await first.answer;
    } catch (error) {
      // Used before, and broken before a byte of the answer: the server had closed it while it was idle.
      const stale = !first.answered && (first.connection?.uses ?? 0) > 1 && toRequestError(error, this.#label).code === 'connect';
      if (this.#ended || !stale || !isRepeatable(hop.method)) throw error;
      return await this.#dispatch(hop, route.fresh).answer;
    } finally {
      connections.relieve();
    }
  }

  #dispatch(hop: Hop, via: Dispatcher): Exchange {
    const { settings, budget, route } = this.#tools;
    const exchange = new Exchange({
      plan: (status, headers) => this.#plan(status, headers),
      budget,
      isHead: hop.method === 'HEAD',
      maxHeaders: settings.maxHeaders,
      tooManyHeaders: (count) => this.#error('too-large', `${count} header fields, ${settings.maxHeaders} at most`),
    });
    this.#current = exchange;
    if (this.#ended) {
      exchange.fail(this.#ended);
      return exchange;
    }
    const { url, method, body, headers } = hop;
    const forwardHeaders = route.forwardHeaders(url.protocol);
    const options: Dispatcher.DispatchOptions = {
      origin: url.origin,
      // A proxy is told the whole URL (RFC 9112, section 3.2.2).
      path: (forwardHeaders ? url.origin : '') + url.pathname + url.search,
      method,
      headers: forwardHeaders ? { ...headers, ...forwardHeaders } : headers,
      body: body ?? null,
      headersTimeout: settings.headersTimeoutMs,
      bodyTimeout: settings.bodyTimeoutMs,
    };
    via.dispatch(options, exchange);
    return exchange;
  }

  /** What is wanted of an answer, by its headers alone. */
  #plan(status: number, headers: Answer['headers']): BodyPlan {
    if (!isSuccess(status)) return { kind: 'skip' };
    const { accept, maxBytes } = this.#request;
    const { mediaType } = parseContentType(headers['content-type']);
    if (mediaType !== '' && !accepts(accept, mediaType)) return { kind: 'skip' };
    const codings = this.#codings(headers);
    return {
      kind: 'read',
      maxBytes,
      tooLarge: (seen) => this.#error('too-large', `more than ${maxBytes} bytes: ${seen}`, { status }),
      ...(codings.length > 0 && { check: (received: Buffer) => void this.#decode(received, codings, status, true) }),
    };
  }

  #page(hop: Hop, answer: Answer, wasRedirected: boolean, fetchedAt: string): FetchedPage {
    const { status, headers } = answer;
    if (!isSuccess(status)) throw this.#refusal(answer);
    if (status === 206 && hop.headers['range'] === undefined)
      throw this.#error('protocol', 'status 206: a part of the page, though the whole was asked for', { status });
    const { mediaType, charset } = parseContentType(headers['content-type']);
    const body = this.#decode(answer.body, this.#codings(headers), status, false);
    const contentType = mediaType === '' ? guessMediaType(body) : mediaType;
    // Nothing at all (status 204, say) is of no type, and nobody asked for another.
    const isBlank = body.length === 0 && mediaType === '';
    const { accept } = this.#request;
    if (!isBlank && !accepts(accept, contentType))
      throw this.#error('content-type', `${contentType} is none of ${accept.join(', ')}`, { status });
    return makePage({
      answer,
      body,
      contentType,
      httpCharset: charset,
      url: hop.url.href,
      wasRedirected,
      fetchedAt,
      startedAt: this.#startedAt,
      agentToken: this.#tools.settings.agentToken,
    });
  }

  #refusal({ status, headers }: Answer): RequestError {
    const { proxy } = this.#tools.route;
    if (status === 407 && proxy) return this.#error('proxy', `proxy ${proxy.label} refuses its credentials (status 407)`);
    const retryAfterMs = parseRetryAfter(headers['retry-after'], this.#tools.settings.now());
    return this.#error(`http-${status}`, `status ${status}`, { status, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  }

  #codings(headers: Answer['headers']): readonly string[] {
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

  #error(code: ErrorCode, message: string, more: { status?: number; retryAfterMs?: number; cause?: unknown } = {}): RequestError {
    const { status, retryAfterMs, cause } = more;
    return new RequestError(code, `${this.#label}: ${message}`, {
      ...(status !== undefined && { status }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(cause !== undefined && { cause }),
    });
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** What tells two requests of a redirect chain apart. */
function visit({ method, url, headers }: Hop): string {
  return `${method} ${url.href} ${headers['cookie'] ?? ''}`;
}

/** A URL for messages: without user name and password, and of bearable length. */
function show(raw: string): string {
  const bare = raw.includes('@') ? raw.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, '$1') : raw;
  return bare.length > 300 ? `${bare.slice(0, 300)}…` : bare;
}
