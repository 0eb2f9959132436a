import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import type { ObjectStore } from '../../functions/aws/objects.ts';

const unzip = promisify(gunzip);

/** Objects up to this size are fetched ahead, whole. */
const SMALL_BYTES = 256 * 1024;
/** Objects on their way at a time. */
const AHEAD = 8;

/**
 * The unpacked bytes of all JSON-lines objects under a prefix, in the order of their keys and in constant memory. Every object
 * ends with a line end, so the pieces make one stream of lines.
 */
export async function* linesUnder(objects: ObjectStore, prefix: string): AsyncGenerator<Buffer> {
  const ahead: (() => AsyncIterable<Buffer>)[] = [];
  for await (const { key, size } of objects.list(prefix)) {
    ahead.push(size <= SMALL_BYTES ? whole(objects, key) : () => streamed(objects, key));
    if (ahead.length >= AHEAD) yield* ahead.shift()?.() ?? [];
  }
  for (const part of ahead) yield* part();
}

/** Begins the fetch now. */
function whole(objects: ObjectStore, key: string): () => AsyncIterable<Buffer> {
  const fetched = objects.get(key).then((bytes) => bytes && unzip(bytes));
  // Whoever gets to it hears of a failure; until then nobody listens.
  fetched.catch(() => undefined);
  return async function* () {
    const bytes = await fetched;
    if (bytes) yield bytes;
  };
}

async function* streamed(objects: ObjectStore, key: string): AsyncGenerator<Buffer> {
  const answer = await objects.stream(key);
  if (!answer) return;
  const unzipped = answer.body.pipe(createGunzip());
  answer.body.once('error', (error) => unzipped.destroy(error));
  for await (const chunk of unzipped) yield chunk as Buffer;
}

/** Cuts a stream of bytes into lines, without their ends. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer | undefined;
  for await (const chunk of chunks) {
    const bytes: Buffer = rest ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
      yield bytes.toString('utf8', at, end);
      at = end + 1;
    }
    rest = at < bytes.length ? bytes.subarray(at) : undefined;
  }
  if (rest) yield rest.toString('utf8');
}
