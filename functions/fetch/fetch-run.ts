import type { Writable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { RequestError, type ErrorCode } from '../job/errors.ts';
import type { BodyBudget } from './body-budget.ts';
import type { Connections, Route, Sender } from './connections.ts';
import { DecodeError, decodeBody, parseCodings } from './content-coding.ts';
import { accepts, guessMediaType, parseContentType } from './content-type.ts';
import { Exchange, type Answer, type BodyCheck, type BodyPlan, type ExchangeOwner } from './exchange.ts';
import { asksForCalm, toRequestError } from './failure.ts';
import { FileSink } from './file-sink.ts';
import { firstHop } from './first-hop.ts';
import { onAbort } from './on-abort.ts';
import { isWorthLeaving, LOOK_GROWTH, pageStart } from './leave-page.ts';
import { makePage, provenanceOf } from './page.ts';
import { followRedirect, isRedirect, type Hop } from './redirect.ts';
import { parseRetryAfter } from './retry-after.ts';
import { isRepeatable } from './retry-timing.ts';
import type { FetchedFile, FetchedPage, FetchRequest, FileHead, RedirectedElsewhere } from './types.ts';

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

/** The answer to a request that no redirect leads on from. */
interface LastAnswer {
  readonly hop: Hop;
  readonly answer: Answer;
  readonly wasRedirected: boolean;
  readonly fetchedAt: string;
}

/** One fetch: a chain of exchanges under one deadline. */
export class FetchRun implements ExchangeOwner {
  readonly #request: FetchRequest;
  readonly #tools: FetchTools;
  readonly #startedAt = performance.now();
  /** Where the last redirect led. */
  #target: string | undefined;
  #current: Exchange | undefined;
  #ended: RequestError | undefined;
  /** Where a file's bytes go; absent: the body is a page. */
  #open: ((head: FileHead) => Writable) | undefined;
  #sink: FileSink | undefined;
  /** The decoded beginning of a page that was left there. */
  #beginning: Buffer | undefined;

  constructor(request: FetchRequest, tools: FetchTools) {
    this.#request = request;
    this.#tools = tools;
  }

  /** Begins every message: what was fetched, without credentials. */
  get #label(): string {
    const { method, url } = this.#request;
    return `${method} ${show(url)}${this.#target === undefined ? '' : ` (redirected to ${show(this.#target)})`}`;
  }

  get maxHeaders(): number {
    return this.#tools.settings.maxHeaders;
  }

  get budget(): BodyBudget {
    return this.#tools.budget;
  }

  /** Fetches a page. @throws {RequestError} */
  page(): Promise<FetchedPage | RedirectedElsewhere> {
    return this.#run((last) => this.#page(last));
  }

  /** Fetches a file into the stream that `open` gives. @throws {RequestError}, and what that stream failed with. */
  file(open: (head: FileHead) => Writable): Promise<FetchedFile | RedirectedElsewhere> {
    this.#open = open;
    return this.#run((last) => this.#file(last));
  }

  /** Ends the fetch when its time is over, or its caller wants it. @returns what ends the watch. */
  #watch(): () => void {
    const { timeoutMs, signal } = this.#request;
    const cancel = (): void => this.#end(this.#error('cancelled', 'stopped by the caller', { cause: signal?.reason }));
    const deadline = setTimeout(() => {
      const phase = this.#current?.phase ?? 'connecting';
      const bytes = phase === 'reading the body' ? ` (${this.#current?.wireBytes ?? 0} bytes so far)` : '';
      this.#end(this.#error('timeout', `not there whole after ${timeoutMs} ms; ended while ${phase}${bytes}`));
    }, timeoutMs);
    const release = signal && onAbort(signal, cancel);
    if (signal?.aborted) cancel();
    return () => {
      clearTimeout(deadline);
      release?.();
    };
  }

  #end(error: RequestError): void {
    this.#ended ??= error;
    this.#current?.fail(error);
    // The last byte may have come, and the place where the file is kept not be done with it.
    this.#sink?.breakOff(error);
  }

  async #run<T>(finish: (last: LastAnswer) => T | Promise<T>): Promise<T | RedirectedElsewhere> {
    const unwatch = this.#watch();
    try {
      const request = this.#request;
      const first = firstHop(request, this.#tools.settings.userAgent);
      if (!first) throw this.#error('bad-url', 'no http(s) URL; one begins with http:// or https://');
      const fetchedAt = new Date(this.#tools.settings.now()).toISOString();
      let visited: Set<string> | undefined;
      let hop = first;
      for (let redirects = request.redirects; ; redirects++) {
        const sent = this.#withCookies(hop);
        const answer = await this.#exchange(sent);
        this.#storeCookies(hop.url, answer);
        if (!isRedirect(answer.status)) return await finish({ hop, answer, wasRedirected: redirects > 0, fetchedAt });
        const next = followRedirect(hop, answer.status, answer.headers['location']);
        if ('refused' in next) throw this.#error('bad-redirect', `redirect with status ${answer.status} refused: ${next.refused}`, answer);
        const target = next.hop.url.href;
        if (redirects + 1 > request.maxRedirects)
          throw this.#error('redirect-loop', `more than ${request.maxRedirects} redirects, the last to ${show(target)}`, answer);
        // The same URL with new cookies is another request: a wall that sets one and sends back is no circle.
        visited ??= new Set();
        visited.add(visit(sent));
        if (visited.has(visit(this.#withCookies(next.hop))))
          throw this.#error('redirect-loop', `redirected in a circle, back to ${show(target)}`, answer);
        if (!request.isOwn(target)) return { kind: 'elsewhere', location: target, redirects: redirects + 1, method: next.hop.method };
        ({ hop } = next);
        this.#target = target;
      }
    } catch (error) {
      throw toRequestError(error, this.#label);
    } finally {
      unwatch();
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

  /** One request, and another on a new socket if the first met a kept connection that had died in the meantime, or had served its time. */
  async #exchange(hop: Hop): Promise<Answer> {
    const { route, connections } = this.#tools;
    try {
      for (let via = route.agent; ;) {
        const exchange = this.#dispatch(hop, via);
        try {
          return await exchange.answer;
        } catch (error) {
          const next = this.#otherWay(exchange, error);
          if (this.#ended || !next || via === route.fresh || !isRepeatable(hop.method)) throw error;
          via = next;
        }
      }
    } finally {
      connections.relieve();
    }
  }

  /** Which way a request may go once more that has failed through its connection's fault alone, before a byte of an answer. */
  #otherWay({ client, connection, answered }: Exchange, error: unknown): Sender | undefined {
    if (!connection || answered) return undefined;
    const { agent, fresh } = this.#tools.route;
    const isRefused = asksForCalm(error);
    if (isRefused && connection.left > 0) {
      client?.retire();
      return agent;
    }
    if (connection.uses <= 1) return undefined;
    // The server had closed it while it was idle, or has as much to send on it as it will hold.
    return isRefused || toRequestError(error, this.#label).code === 'connect' ? fresh : undefined;
  }

  #dispatch(hop: Hop, via: Sender): Exchange {
    const { settings, route } = this.#tools;
    const exchange = new Exchange(this, hop.method === 'HEAD');
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

  sent(): void {
    this.#request.onSent?.();
  }

  tooManyHeaders(count: number): RequestError {
    return this.#error('too-large', `${count} header fields, ${this.maxHeaders} at most`);
  }

  /** What is wanted of an answer, by its headers alone. */
  plan(status: number, headers: Answer['headers']): BodyPlan {
    if (!isSuccess(status)) return { kind: 'skip' };
    const { accept, maxBytes } = this.#request;
    const { mediaType, charset } = parseContentType(headers['content-type']);
    if (mediaType !== '' && !accepts(accept, mediaType)) return { kind: 'skip' };
    const codings = this.#codings(headers);
    const tooLarge = (seen: string): Error => this.#error('too-large', `more than ${maxBytes} bytes: ${seen}`, { status });
    if (this.#open) {
      const sink = new FileSink(codings, this.#open({ status, contentType: mediaType || ANY_BYTES }), maxBytes, {
        tooLarge,
        broken: (what) => this.#error('protocol', what, { status }),
      });
      this.#sink = sink;
      // What cannot be kept need not come any further.
      sink.done.catch((error: Error) => this.#current?.fail(error));
      return { kind: 'stream', maxBytes, tooLarge, sink: sink.input };
    }
    const { isEnough } = this.#request;
    const isPacked = codings.length > 0;
    if (!isPacked && !isEnough) return { kind: 'read', maxBytes, tooLarge };
    let nextLook = 0;
    const check: BodyCheck = (received, leftBytes) => {
      const mayLeave = isEnough !== undefined && isWorthLeaving(leftBytes, isPacked);
      if (!isPacked && !mayLeave) return false;
      // Without a look at what is decoded, a bomb would be found when all of it is there.
      const body = this.#decode(received(), codings, status, true);
      const start = mayLeave && body.length >= nextLook ? pageStart(body, mediaType, charset) : undefined;
      if (start) nextLook = LOOK_GROWTH * body.length;
      if (start && isEnough?.(start)) this.#beginning = body;
      return this.#beginning !== undefined;
    };
    return { kind: 'read', maxBytes, tooLarge, check };
  }

  /** @throws {RequestError} for an answer that brings nothing, or a part only. */
  #checkStatus({ hop, answer }: LastAnswer): void {
    const { status } = answer;
    if (!isSuccess(status)) throw this.#refusal(answer);
    if (status === 206 && hop.headers['range'] === undefined)
      throw this.#error('protocol', 'status 206: a part of the page, though the whole was asked for', { status });
  }

  async #file(last: LastAnswer): Promise<FetchedFile> {
    this.#checkStatus(last);
    const { answer, hop, wasRedirected, fetchedAt } = last;
    const { mediaType } = parseContentType(answer.headers['content-type']);
    // Of a type that was not asked for: nothing was read.
    if (!this.#sink) throw this.#error('content-type', `${mediaType} is none of ${this.#request.accept.join(', ')}`, answer);
    const { bytes, sha256 } = await this.#sink.done;
    const url = hop.url.href;
    const contentType = mediaType || ANY_BYTES;
    const provenance = provenanceOf({ answer, url, contentType, wasRedirected, fetchedAt, startedAt: this.#startedAt });
    return { kind: 'file', url, contentType, bytes, sha256, provenance: { ...provenance, decodedBytes: bytes, contentHash: sha256 } };
  }

  #page(last: LastAnswer): FetchedPage {
    this.#checkStatus(last);
    const { hop, answer, wasRedirected, fetchedAt } = last;
    const { status, headers } = answer;
    const { mediaType, charset } = parseContentType(headers['content-type']);
    const body = this.#beginning ?? this.#decode(answer.body, this.#codings(headers), status, false);
    const contentType = mediaType === '' ? guessMediaType(body) : mediaType;
    // Nothing at all (status 204, say) is of no type, and nobody asked for another.
    const isBlank = body.length === 0 && mediaType === '';
    const { accept } = this.#request;
    if (!isBlank && !accepts(accept, contentType))
      throw this.#error('content-type', `${contentType} is none of ${accept.join(', ')}`, { status });
    return makePage({
      answer,
      body,
      // What was decoded is a copy.
      isOwn: answer.isOwn || body !== answer.body,
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

/** The type of what declares none (RFC 9110, section 8.3). */
const ANY_BYTES = 'application/octet-stream';

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
