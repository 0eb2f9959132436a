import type { Writable } from 'node:stream';
import type { ProxyCount } from '../job/outcome.ts';
import type { Provenance } from '../job/result.ts';
import type { CookieJar } from './cookie-jar.ts';
import type { PageRobots } from './page-robots.ts';

/** One page to fetch: what the scraper and its request ask for, defaults filled in. */
export interface FetchRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Total time from start to last byte, redirects included, ms. */
  readonly timeoutMs: number;
  /** Limit on the wire and on the decoded body each, bytes. */
  readonly maxBytes: number;
  /** Media types taken as a page: `text/html`, `application/*+json`, `*`; in lower case. */
  readonly accept: readonly string[];
  readonly maxRedirects: number;
  /** Redirects followed in earlier batches. */
  readonly redirects: number;
  /** Whether this lane may fetch a redirect's target itself: politeness belongs to the target's lane. */
  readonly isOwn: (url: string) => boolean;
  /** Called each time that a request goes out to the host, its connection made: redirects and a second try on a new connection included. */
  readonly onSent?: (() => void) | undefined;
  /** Ends the fetch with code `cancelled`. */
  readonly signal?: AbortSignal;
  /**
   * The URL that `headers` were written for; absent: `url` itself. Where `url` is the target of a redirect that another lane
   * handed on and of another origin, credentials among the headers are left out.
   */
  readonly credentialsFor?: string;
  /** What an earlier fetch of this URL was told; an answer that nothing has changed then ends with code `http-304`. */
  readonly validators?: Validators;
  /** Cookies of this lane and job: sent along, and what answers set is taken up. Absent: none are kept. */
  readonly cookies?: CookieJar;
  /**
   * Whether the beginning of an HTML page is all that is wanted of it. Asked a few times while a large one comes in, which is then left
   * there where that costs less than to read on. Absent: pages are read whole.
   */
  readonly isEnough?: ((start: PageStart) => boolean) | undefined;
}

/** The beginning of a page that is still coming in. */
export interface PageStart {
  /** Content-decoded. */
  readonly body: Buffer;
  /** What the page declares: Encoding Standard name. */
  readonly charset: string;
}

/** RFC 9110, section 8.8: values of `ETag` and `Last-Modified`, as sent. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** A page as fetched, decoded and within its limits. */
export interface FetchedPage {
  readonly kind: 'page';
  /** The URL that answered, after redirects. */
  readonly url: string;
  readonly status: number;
  /** Lower-case names; several values of one name joined by `, ` (Set-Cookie by newline). */
  readonly headers: Readonly<Record<string, string>>;
  /** Content-decoded body. */
  readonly body: Buffer;
  /** Media type in lower case, without parameters. */
  readonly contentType: string;
  /** Encoding Standard name that `text` was decoded with. */
  readonly charset: string;
  /** The body as text; decoded once, on first use. */
  readonly text: () => string;
  readonly provenance: Omit<Provenance, 'attempts'>;
  /**
   * Gives the memory of the body back at once, where the engine would come to it much later; neither body nor text can be read then.
   * Absent where there is nothing to gain by it.
   */
  readonly release?: () => void;
  /** There where the page says something to robots. */
  readonly robots?: PageRobots;
}

/** The head of an answer whose body is a file to keep. */
export interface FileHead {
  readonly status: number;
  /** Media type in lower case, without parameters; `application/octet-stream` where none is declared. */
  readonly contentType: string;
}

/** A file as it was streamed to where it is kept. */
export interface FetchedFile {
  readonly kind: 'file';
  readonly url: string;
  readonly contentType: string;
  /** Content-decoded. */
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  readonly provenance: Omit<Provenance, 'attempts'>;
}

/** A redirect to a URL that another lane owns: the request goes on there. */
export interface RedirectedElsewhere {
  readonly kind: 'elsewhere';
  readonly location: string;
  readonly redirects: number;
  /** Method to go on with: a redirect can turn POST into GET, and the body is then dropped. */
  readonly method: string;
}

/**
 * The HTTP side of urldrop: one per process, safe for concurrent use.
 */
export interface Fetcher {
  /**
   * Fetches one page: no retries, no pace, no robots (the lane keeps those).
   *
   * @throws {RequestError} one code of the catalogue for every failure, a status outside 200-299 included.
   */
  fetch(request: FetchRequest): Promise<FetchedPage | RedirectedElsewhere>;
  /**
   * Fetches one file of any size in constant memory: the body of a 2xx answer is streamed, content-decoded, while it comes in.
   *
   * @param open - called once the head is there, with a redirect's end reached: gives the stream that takes the bytes. It is ended with
   * the file, and destroyed if the file breaks off.
   * @throws {RequestError} as {@link fetch}; and what the stream failed with, as it is.
   */
  fetchFile(request: FetchRequest, open: (head: FileHead) => Writable): Promise<FetchedFile | RedirectedElsewhere>;
  /** How the proxies fared since this was last called, by `host:port`; empty without any. */
  takeProxyCounts(): Readonly<Record<string, ProxyCount>>;
  /** Closes every connection. */
  close(): Promise<void>;
}
