import { hash } from 'node:crypto';
import { decodeText, isHtml, isText, sniffCharset } from './charset.ts';
import type { Answer } from './exchange.ts';
import { readPageRobots } from './page-robots.ts';
import type { FetchedPage } from './types.ts';

/** Of less, the engine rids itself in time. */
const MIN_RELEASED_BYTES = 8_192;

/** What makes a page of an answer. */
export interface PageParts {
  readonly answer: Answer;
  /** Content-decoded. */
  readonly body: Buffer;
  /** No other answer lies in the body's memory. */
  readonly isOwn: boolean;
  readonly contentType: string;
  /** The charset parameter of Content-Type. */
  readonly httpCharset: string | undefined;
  /** The URL that answered. */
  readonly url: string;
  readonly wasRedirected: boolean;
  readonly fetchedAt: string;
  /** `performance.now()` at the start of the fetch. */
  readonly startedAt: number;
  readonly agentToken: string;
}

/** Puts a page together; its text is decoded only when somebody asks for it. */
export function makePage(parts: PageParts): FetchedPage {
  const { answer, body, contentType, url } = parts;
  const { status, headers } = answer;
  const hasText = isText(contentType);
  const charset = hasText ? sniffCharset(body, contentType, parts.httpCharset) : 'UTF-8';
  const robots = readPageRobots(headers, isHtml(contentType) ? body : undefined, parts.agentToken);
  let text: string | undefined;
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
    ...(parts.isOwn && isWorthReleasing(body) && { release: () => void (body.buffer as ArrayBuffer).transfer(0) }),
    provenance: {
      ...provenanceOf(parts),
      ...(hasText && { charset }),
      decodedBytes: body.length,
      ...(answer.isLeft ? { partial: true } : { contentHash: hash('sha256', body, 'hex') }),
      ...(robots && robots.directives.length > 0 && { robots: robots.directives }),
      ...(robots && robots.signals.length > 0 && { signals: robots.signals }),
    },
  };
}

/** What is known of any answer, whatever its body. */
export function provenanceOf(parts: Pick<PageParts, 'answer' | 'url' | 'contentType' | 'wasRedirected' | 'fetchedAt' | 'startedAt'>) {
  const { answer, url, contentType, startedAt } = parts;
  const { status, wireBytes, connection } = answer;
  return {
    fetchedAt: parts.fetchedAt,
    status,
    ...(parts.wasRedirected && { finalUrl: url }),
    contentType,
    wireBytes,
    timings: {
      ...(connection?.uses === 1 && { dns: round(connection.dnsMs), connect: round(connection.connectMs) }),
      firstByte: round(answer.headersAt - startedAt),
      total: round(performance.now() - startedAt),
    },
  };
}

/** Whether a body has memory of its own, and not a part of the piece that Node divides among small buffers, which is of a size of its own. */
function isWorthReleasing(body: Buffer): boolean {
  return body.length >= MIN_RELEASED_BYTES && body.buffer.byteLength !== Buffer.poolSize;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
