/**
 * What happens next to a request that failed:
 * - `again`: tried again after a back-off, in this slice when the wait is short, else postponed;
 * - `later`: the host asked for a pause, tried again when it is over;
 * - `never`: final at once.
 */
export type Next = 'again' | 'later' | 'never';

export interface ErrorKind {
  readonly cause: string;
  readonly remedy: string;
  readonly next: Next;
}

/** Every code that an error line can carry; code, docs and metrics derive from this one table. `http-<status>` stands for each status. */
export const errorCatalogue = {
  timeout: {
    cause: 'The page was not there whole within its time.',
    remedy: 'Raise request.timeout, or lower politeness.concurrency.',
    next: 'again',
  },
  dns: { cause: 'The host name did not resolve.', remedy: 'Check the spelling of the host.', next: 'again' },
  connect: {
    cause: 'No connection, or it broke before the page was there whole (a body shorter than its Content-Length included).',
    remedy: 'Retry the job later: the host is down or refuses.',
    next: 'again',
  },
  tls: {
    cause: 'The TLS handshake or the certificate failed.',
    remedy: 'The message names the fault; the site must mend it.',
    next: 'never',
  },
  proxy: {
    cause: 'The proxy could not be reached, refused its credentials, or would not connect to the host.',
    remedy: 'Check the proxy named in the message; another one is taken for the next attempt.',
    next: 'again',
  },
  protocol: {
    cause: 'The answer was no valid HTTP, or its content coding was broken.',
    remedy: 'Retry the job later; if it stays, the server is broken.',
    next: 'again',
  },
  'http-304': {
    cause: 'The page has not changed since it was last fetched.',
    remedy: 'Nothing to do: it is counted as unchanged.',
    next: 'never',
  },
  'http-3xx': {
    cause: 'The server answered with a choice or a redirect that names no place to go on to.',
    remedy: 'Open the URL in a browser and list the right one.',
    next: 'never',
  },
  'http-401': {
    cause: 'The page wants credentials, or other ones.',
    remedy: 'Put user and password into the URL (https://user:password@host/), or set an Authorization header.',
    next: 'never',
  },
  'http-403': {
    cause: 'The server refuses this page to this client.',
    remedy: 'Check that the site permits the crawl; a slower pace or a cookie may be wanted.',
    next: 'never',
  },
  'http-404': { cause: 'The page does not exist.', remedy: 'Correct the URL or leave it out.', next: 'never' },
  'http-408': { cause: 'The server gave up waiting for the request.', remedy: 'Retry the job later.', next: 'again' },
  'http-410': { cause: 'The page is gone for good.', remedy: 'Leave it out.', next: 'never' },
  'http-425': { cause: 'The server did not want the request so early in a connection.', remedy: 'Retry the job later.', next: 'again' },
  'http-4xx': {
    cause: 'The server refused the request with the status in the code.',
    remedy: 'Check the URL, the method and the headers.',
    next: 'never',
  },
  'http-429': {
    cause: 'The server asked to slow down.',
    remedy: 'Lower politeness.concurrency or set a delay, then retry the job.',
    next: 'later',
  },
  'http-501': { cause: 'The server does not know the method.', remedy: 'Use another method.', next: 'never' },
  'http-503': { cause: 'The server was overloaded.', remedy: 'Retry the job later.', next: 'later' },
  'http-5xx': { cause: 'The server failed with the status in the code.', remedy: 'Retry the job later.', next: 'again' },
  'too-large': {
    cause: 'The page is larger than request.maxBytes, on the wire or decoded, or its headers are a flood.',
    remedy: 'Raise request.maxBytes if the page is wanted.',
    next: 'never',
  },
  'too-complex': {
    cause: 'The page nests deeper or holds more nodes than a parser may build.',
    remedy: 'No honest page does this; leave it out.',
    next: 'never',
  },
  robots: { cause: 'The site’s robots.txt forbids the URL.', remedy: 'Leave it out, or ask the site.', next: 'never' },
  'blocked-address': {
    cause: 'The host has an address that is not on the public web.',
    remedy: 'Allow the network (--allow-private on your own machine) if it is yours.',
    next: 'never',
  },
  'content-type': {
    cause: 'The answer is not of a type that the scraper accepts.',
    remedy: 'Add the type to request.accept.',
    next: 'never',
  },
  'bad-url': {
    cause: 'The line or link is no http(s) URL.',
    remedy: 'Correct the line; a URL begins with http:// or https://.',
    next: 'never',
  },
  'bad-request': {
    cause: 'The method or a header is none that can be sent.',
    remedy: 'The message names the fault; correct the line or the scraper.',
    next: 'never',
  },
  'bad-line': { cause: 'The line of the input file cannot be read.', remedy: 'The message says what is wrong with it.', next: 'never' },
  parse: {
    cause: 'The scraper threw an exception on this page.',
    remedy: 'The message names file and line; try it with `urldrop try`.',
    next: 'never',
  },
  'invalid-item': {
    cause: 'An item lacks a required field or fails the schema.',
    remedy: 'The message names the field; mend the selector or the schema.',
    next: 'never',
  },
  'unknown-page': {
    cause: 'The request names a page type that the scraper lacks.',
    remedy: 'Correct `page` in the input, or add the page type.',
    next: 'never',
  },
  'unknown-scraper': {
    cause: 'The job names a scraper that is neither deployed nor a recipe under scrapers/.',
    remedy: 'Correct the folder under urls/, deploy the scraper or drop its recipe; then `urldrop retry` the job.',
    next: 'never',
  },
  'bad-recipe': {
    cause: 'The recipe of the scraper has faults.',
    remedy: 'The message names line and column; drop the mended recipe, then `urldrop retry` the job.',
    next: 'never',
  },
  'redirect-loop': {
    cause: 'Redirects went in a circle or on for too long.',
    remedy: 'Open the URL in a browser; often a cookie is wanted.',
    next: 'never',
  },
  'bad-redirect': { cause: 'A redirect named no URL that may be followed.', remedy: 'The site must mend it.', next: 'never' },
  crash: {
    cause: 'Functions died on this request alone, three times.',
    remedy: 'The page exhausts memory or time: lower request.maxBytes or mend the scraper.',
    next: 'never',
  },
  cancelled: { cause: 'The job was cancelled first.', remedy: 'Run its input again.', next: 'never' },
  internal: { cause: 'A fault in urldrop itself.', remedy: 'Please report it with the message.', next: 'never' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = Exclude<keyof typeof errorCatalogue, 'http-3xx' | 'http-4xx' | 'http-5xx'> | `http-${number}`;

/** The catalogue's entry of a code; the general entry of its class for an HTTP status without one of its own. */
export function errorKind(code: string): ErrorKind {
  if (Object.hasOwn(errorCatalogue, code)) return errorCatalogue[code as keyof typeof errorCatalogue];
  const status = /^http-(\d)\d\d$/.exec(code);
  if (status) return errorCatalogue[status[1] === '5' ? 'http-5xx' : status[1] === '3' ? 'http-3xx' : 'http-4xx'];
  return errorCatalogue.internal;
}

/**
 * A request's failure, ready to become an error line. Match on `code`, not on the class.
 * The message is one line: what failed, on what, what was seen; no secrets, no page bodies.
 */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ErrorCode;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  readonly next: Next;
  /** The server's own word on when to come back, ms from the answer. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, more: { status?: number; next?: Next; retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.status = more.status;
    this.next = more.next ?? errorKind(code).next;
    this.retryAfterMs = more.retryAfterMs;
  }
}

/**
 * Wrong use by a person: a bad option, file or scraper. The message names the input, the place in it and what to do;
 * commands print it without a stack and exit with 2.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
