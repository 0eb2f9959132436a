import type { Transform } from 'node:stream';
import {
  brotliDecompressSync,
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
  type ZlibOptions,
} from 'node:zlib';

/** Sent as Accept-Encoding. */
export const ACCEPT_ENCODING = 'gzip, deflate, br, zstd';

/** More codings than this on one body are an attack, not a web page. */
const MAX_CODINGS = 4;
/** zstd decoders on the web need a window of 8 MB at most (RFC 9659, section 3). */
const ZSTD_WINDOW_LOG_MAX = 23;

const KNOWN = new Set(['gzip', 'x-gzip', 'deflate', 'br', 'zstd']);

/** Why a body could not be decoded: `too-large` names the stage that passed the limit, `broken` what the decoder said. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  readonly kind: 'too-large' | 'broken';

  constructor(kind: 'too-large' | 'broken', message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/**
 * The codings of a Content-Encoding header in the order in which they were applied; `identity` is left out.
 *
 * @throws {DecodeError} `broken`: an unknown coding, or too many of them.
 * @see RFC 9110, section 8.4.
 */
export function parseCodings(header: string | undefined): readonly string[] {
  if (header === undefined) return NO_CODINGS;
  const codings = header
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== '' && part !== 'identity');
  const unknown = codings.find((coding) => !KNOWN.has(coding));
  if (unknown !== undefined) throw new DecodeError('broken', `content coding ${JSON.stringify(unknown.slice(0, 40))} is unknown`);
  if (codings.length > MAX_CODINGS) throw new DecodeError('broken', `${codings.length} content codings, ${MAX_CODINGS} at most`);
  return codings;
}

const NO_CODINGS: readonly string[] = [];

/**
 * Undoes content codings in one go, synchronously: a page takes a millisecond or two, less than handing chunks to a thread and back,
 * and only one decoder's memory is in use however many pages arrive at once.
 *
 * @param body - as received.
 * @param codings - see {@link parseCodings}.
 * @param maxBytes - limit on the output of every stage.
 * @param partial - whether the body may stop anywhere: what can be decoded of it is.
 * @throws {DecodeError}
 */
export function decodeBody(body: Buffer, codings: readonly string[], maxBytes: number, partial = false): Buffer {
  let bytes = body;
  // Some servers label an empty body too.
  for (let i = codings.length - 1; i >= 0 && bytes.length > 0; i--) bytes = decodeOne(bytes, codings[i] ?? '', maxBytes, partial);
  return bytes;
}

function decodeOne(bytes: Buffer, coding: string, maxBytes: number, partial: boolean): Buffer {
  // One output chunk that holds the whole page spares a copy.
  const chunkSize = Math.max(4_096, Math.min(bytes.length * 8, maxBytes + 1, 1_048_576));
  const limits = { maxOutputLength: Math.max(1, maxBytes), chunkSize };
  try {
    switch (coding) {
      case 'br':
        return brotliDecompressSync(bytes, {
          ...limits,
          ...(partial && { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
        });
      case 'zstd':
        return zstdDecompressSync(bytes, {
          ...limits,
          params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
          ...(partial && { finishFlush: constants.ZSTD_e_flush }),
        });
      default: {
        const options: ZlibOptions = { ...limits, ...(partial && { finishFlush: constants.Z_SYNC_FLUSH }) };
        if (coding !== 'deflate') return gunzipSync(bytes, options);
        // "deflate" means zlib (RFC 9110, section 8.4.1.2), but some servers send the raw stream.
        return hasZlibHeader(bytes) ? inflateSync(bytes, options) : inflateRawSync(bytes, options);
      }
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new DecodeError('too-large', `${bytes.length} bytes of ${coding} decode to more than ${maxBytes}`, error);
    throw new DecodeError('broken', `${coding}: ${message}`, error);
  }
}

/** A stream that undoes one coding, for bodies that are not held in memory. Its output has no limit. */
export function decoderOf(coding: string): Transform {
  if (coding === 'br') return createBrotliDecompress();
  if (coding === 'zstd') return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX } });
  return coding === 'deflate' ? createInflate() : createGunzip();
}

/** RFC 1950, section 2.2: method 8 and a check value that makes the first two bytes a multiple of 31. */
function hasZlibHeader(bytes: Buffer): boolean {
  const [first = 0, second = 0] = bytes;
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}
