import { declaredCharset, isHtml } from './charset.ts';
import { HEAD_BYTES } from './page-robots.ts';
import type { PageStart } from './types.ts';

/**
 * What must be left of a page to be worth leaving, decoded bytes.
 *
 * The CPU time of a new TLS connection (1.4 ms; 0.4 without TLS) is that of reading and hashing 0.6 MB, or 0.04 MB on the wire with
 * unpacking (`npm run bench -- large-pages`). Time is what counts: a new connection takes two round trips and some three more to gain
 * speed, 250 ms at 50 ms each, in which an old one brings a megabyte at 4 MB/s. Over HTTP/2 a reset costs no connection, but a server's
 * patience (exchange.ts), so it holds there too.
 */
const LEAVE_BYTES = 1_048_576;
/** How many bytes of HTML come out of a packed one. */
const PACKED = 4;

/** How many times longer the beginning of a page is at each look: a page that never has all costs a third of a scan more. */
export const LOOK_GROWTH = 4;

/** Whether to leave a page of which so many bytes are still to come on the wire costs less than to read on. */
export function isWorthLeaving(wireBytes: number, isPacked: boolean): boolean {
  return wireBytes * (isPacked ? PACKED : 1) >= LEAVE_BYTES;
}

/**
 * The beginning of a page as what is made of the whole page sees it.
 *
 * @param body - what has come of it, content-decoded.
 * @returns undefined where that may depend on what is still to come: its charset, or what it says to robots.
 */
export function pageStart(body: Buffer, mediaType: string, httpCharset: string | undefined): PageStart | undefined {
  if (!isHtml(mediaType) || body.length < HEAD_BYTES) return undefined;
  const charset = declaredCharset(body, mediaType, httpCharset);
  return charset === undefined ? undefined : { body, charset };
}
