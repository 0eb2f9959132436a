import { isUtf8 } from 'node:buffer';
import { decodeBuffer } from 'encoding-sniffer';
import { ResultType, Sniffer } from 'encoding-sniffer/sniffer';
import { detectCharset, readsAsJis } from './charset-detection.ts';
import { PRESCAN_BYTES, prescanMeta, xmlEncoding } from './meta-prescan.ts';

/** Where a declaration that came too late for the prescan is still found: a parser that meets it starts again (HTML, section 13.2.3.5). */
const LATE_META_BYTES = 65_536;

const ESCAPE = 0x1b;

const utf8 = new TextDecoder('utf-8');
const labels = new Map<string, string | undefined>();
const MAX_LABELS = 500;

/**
 * The encoding of a body.
 *
 * For HTML by the WHATWG rules: byte order mark, HTTP header, `meta`, XML declaration, detection. XML has its declaration instead of
 * `meta` and UTF-8 without one; JSON is UTF-8 (RFC 8259); other text goes by header and detection.
 *
 * @param mediaType - lower case, without parameters.
 * @param httpCharset - the charset parameter of Content-Type; a label that no encoding has counts as absent.
 * @returns a name of the Encoding Standard, in its spelling. Never throws.
 * @see HTML, section 13.2.3 (determining the character encoding); Encoding Standard, section 4.2.
 */
export function sniffCharset(body: Buffer, mediaType: string, httpCharset: string | undefined): string {
  const declared = declaredCharset(body, mediaType, httpCharset);
  if (declared !== undefined) return declared;
  if (isUtf8(body)) return body.includes(ESCAPE) && readsAsJis(body, decodeText) ? 'ISO-2022-JP' : 'UTF-8';
  return (isHtml(mediaType) ? metaEncoding(body, LATE_META_BYTES) : undefined) ?? detectCharset(body, decodeText);
}

/** The same as far as the first 1,024 bytes tell; undefined where it takes the whole body. */
export function declaredCharset(body: Buffer, mediaType: string, httpCharset: string | undefined): string | undefined {
  const declared = bomEncoding(body) ?? (httpCharset === undefined ? undefined : encodingOf(httpCharset));
  if (declared !== undefined) return declared;
  if (mediaType === 'application/json' || mediaType.endsWith('+json')) return 'UTF-8';
  if (!isHtml(mediaType) && !isXml(mediaType)) return undefined;
  return utf16Xml(body) ?? (isHtml(mediaType) ? metaEncoding(body, PRESCAN_BYTES) : undefined) ?? internalEncoding(xmlEncoding(body));
}

/** Whether a media type is HTML's. */
export function isHtml(mediaType: string): boolean {
  return mediaType === 'text/html' || mediaType === 'application/xhtml+xml';
}

/** Whether a media type is one of text, which has a charset. */
export function isText(mediaType: string): boolean {
  return /^text\/|[/+](?:xml|json|javascript|ecmascript|x-ndjson|x-javascript|yaml)$/.test(mediaType);
}

/**
 * Decodes a body; a byte order mark is left out, malformed sequences become U+FFFD. Never throws.
 *
 * @param charset - a name that {@link sniffCharset} gave.
 */
export function decodeText(body: Buffer, charset: string): string {
  if (charset === 'UTF-8') return utf8.decode(body);
  // Encodings that are unsafe to decode stand for one error (Encoding Standard, section 14.1).
  if (charset === 'replacement') return body.length === 0 ? '' : '\uFFFD';
  return decodeBuffer(body, { userEncoding: charset, maxBytes: 3 });
}

/** The Encoding Standard's name of a label (section 4.2), or `undefined`. */
export function encodingOf(label: string): string | undefined {
  const known = labels.get(label);
  if (known !== undefined || labels.has(label)) return known;
  const sniffer = new Sniffer({ userEncoding: label });
  const encoding = sniffer.resultType === ResultType.PASSED ? sniffer.encoding : undefined;
  if (labels.size < MAX_LABELS && label.length < 64) labels.set(label, encoding);
  return encoding;
}

/** Encoding Standard, section 6.1 (BOM sniff): stronger than any label. */
function bomEncoding(body: Buffer): string | undefined {
  const [first, second, third] = body;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'UTF-8';
  if (first === 0xfe && second === 0xff) return 'UTF-16BE';
  return first === 0xff && second === 0xfe ? 'UTF-16LE' : undefined;
}

/** `<?x` in UTF-16: the only UTF-16 without a byte order mark that counts (HTML, prescan, step 3). */
function utf16Xml(body: Buffer): string | undefined {
  const head = body.toString('latin1', 0, 6);
  if (head === '<\0?\0x\0') return 'UTF-16LE';
  return head === '\0<\0?\0x' ? 'UTF-16BE' : undefined;
}

function metaEncoding(body: Buffer, limit: number): string | undefined {
  return internalEncoding(prescanMeta(body, limit, (label) => encodingOf(label) !== undefined));
}

/** What a label inside a page means: it was read as ASCII, so the page cannot be UTF-16. */
function internalEncoding(label: string | undefined): string | undefined {
  const encoding = label === undefined ? undefined : encodingOf(label);
  if (encoding === 'UTF-16LE' || encoding === 'UTF-16BE') return 'UTF-8';
  return encoding === 'x-user-defined' ? 'windows-1252' : encoding;
}

function isXml(mediaType: string): boolean {
  return mediaType === 'application/xml' || mediaType === 'text/xml' || mediaType.endsWith('+xml');
}
