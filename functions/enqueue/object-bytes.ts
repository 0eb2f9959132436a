import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectStore } from '../aws/objects.ts';
import { UsageError } from '../job/errors.ts';

/** Breaks of the connection in a row without a byte between. */
const MAX_BREAKS = 5;

/**
 * Streams an object of any size. A connection that breaks, or that S3 closes because sending took long, is taken up again where it
 * broke.
 *
 * @param etag - the version wanted; absent = whichever is there first.
 * @throws {UsageError} if the object is gone or replaced; else what S3 answered.
 */
export async function* bytesOf(objects: ObjectStore, key: string, etag?: string): AsyncGenerator<Uint8Array> {
  let version = etag && bare(etag);
  let size = 0;
  let offset = 0;
  for (let breaks = 0; ;) {
    const object = await objects.stream(key, offset > 0 ? { first: offset, last: size - 1 } : undefined);
    if (!object) throw new UsageError('no-object', `${key} is not there: it was deleted before it was read. Drop it again.`);
    if (version && bare(object.etag) !== version) {
      object.body.destroy();
      throw new UsageError('replaced', `${key} was replaced while this job was to read it. What replaced it is a job of its own.`);
    }
    version = bare(object.etag);
    if (offset === 0) ({ size } = object);
    try {
      for await (const chunk of object.body as AsyncIterable<Uint8Array>) {
        offset += chunk.length;
        breaks = 0;
        yield chunk;
      }
      return;
    } catch (error) {
      if (++breaks > MAX_BREAKS || offset >= size) throw error;
      await sleep(50 * 2 ** breaks);
    }
  }
}

function bare(etag: string): string {
  return etag.replaceAll('"', '');
}
