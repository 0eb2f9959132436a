import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/** Readers get blocks of this size, whatever the network delivers, so that what is decided between blocks is the same in every run. */
export const BLOCK_BYTES = 65_536;

/** The packed data of an input is damaged or ends early; what was unpacked before has been delivered. */
export class BrokenInput extends Error {
  override readonly name = 'BrokenInput';
}

/**
 * Cuts an input into blocks of {@link BLOCK_BYTES} (the last may be shorter), unpacking it if its first bytes are gzip's (RFC 1952).
 * A byte order mark at the beginning is left out.
 *
 * @returns one buffer, filled anew for each step: the consumer copies what it keeps.
 * @throws {BrokenInput} if the gzip data is damaged; errors of the source come through as they are.
 */
export async function* blocksOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let filled = 0;
  let isFirst = true;
  for await (const chunk of await unpacked(source)) {
    for (let at = 0; at < chunk.length;) {
      const taken = Math.min(BLOCK_BYTES - filled, chunk.length - at);
      block.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < BLOCK_BYTES) continue;
      yield isFirst ? withoutMark(block) : block;
      isFirst = false;
      filled = 0;
    }
  }
  const rest = block.subarray(0, filled);
  const last = isFirst ? withoutMark(rest) : rest;
  if (last.length > 0) yield last;
}

async function unpacked(source: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const chunks = source[Symbol.asyncIterator]();
  // Two bytes tell; a stream may well deliver them one by one.
  const head: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < 2) {
    const next = await chunks.next();
    if (next.done) break;
    head.push(next.value);
    bytes += next.value.length;
  }
  const start = Buffer.concat(head);
  const whole = joined(start, chunks);
  return start[0] === 0x1f && start[1] === 0x8b ? gunzipped(whole) : whole;
}

async function* joined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    for (;;) {
      const next = await rest.next();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // A consumer that stops early closes the source too.
    await rest.return?.();
  }
}

async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: BLOCK_BYTES });
  // The stream itself carries the error to the reader below.
  const feeding = pipeline(Readable.from(source), gunzip).catch(() => {});
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('Z_') !== true) throw error;
    throw new BrokenInput((error as Error).message, { cause: error });
  } finally {
    gunzip.destroy();
    await feeding;
  }
}

function withoutMark(block: Buffer): Buffer {
  return block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf ? block.subarray(3) : block;
}
