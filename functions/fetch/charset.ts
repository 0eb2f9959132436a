import { isUtf8 } from 'node:buffer';
import { decodeBuffer, getEncoding } from 'encoding-sniffer';

const utf8 = new TextDecoder('utf-8');

/**
 * The encoding of a body.
 *
 * @returns name in the Encoding Standard's spelling.
 */
export function sniffCharset(body: Buffer, _mediaType: string, httpCharset: string | undefined): string {
  const encoding = getEncoding(body, {
    ...(httpCharset !== undefined && { transportLayerEncodingLabel: httpCharset }),
    defaultEncoding: isUtf8(body) ? 'utf-8' : 'windows-1252',
  });
  return encoding;
}

/** Decodes; malformed sequences become U+FFFD; never throws. */
export function decodeText(body: Buffer, charset: string): string {
  if (charset === 'UTF-8') return utf8.decode(body);
  if (charset === 'replacement') return body.length === 0 ? '' : '\uFFFD';
  return decodeBuffer(body, { userEncoding: charset, maxBytes: 3 });
}
