import type { DatabaseSync } from 'node:sqlite';
import { keys } from '../../functions/job/keys.ts';
import { LOCAL_BUCKET } from './bucket-name.ts';
import type { App } from './guarded-fauxqs.ts';

/** The form that `ObjectStore` asks in (RFC 9110, section 14.1.2). */
const RANGE = /^bytes=(\d+)-(\d+)$/;
const ALL_SEGMENTS = keys.segment('', '').split('/', 1)[0] + '/';

interface Part {
  readonly type: string;
  readonly size: number;
  readonly etag: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads parts of segments from the database by themselves: fauxqs 2.4.1 makes two copies of the whole object and cuts the part out of
 * one, and a thread reads on every second or so in a segment that grows with its job. What it asks in another form is left to fauxqs.
 *
 * @param database - that of the objects; undefined where they are in memory.
 */
export function readSegments(app: App, database: () => DatabaseSync | undefined): void {
  let select: ReturnType<DatabaseSync['prepare']> | undefined;
  app.addHook('preHandler', (request, reply) => {
    const { bucket, '*': key = '' } = request.params as { bucket?: string; '*'?: string };
    const range = RANGE.exec(request.headers['range'] ?? '');
    if (!range || request.method !== 'GET' || bucket !== LOCAL_BUCKET || !key.startsWith(ALL_SEGMENTS)) return Promise.resolve(undefined);
    const [first, last] = [Number(range[1]), Number(range[2])];
    select ??= database()?.prepare(
      'SELECT content_type AS type, content_length AS size, etag, substr(body, ?, ?) AS bytes FROM s3_objects WHERE bucket = ? AND key = ?',
    );
    const part = select?.get(first + 1, last - first + 1, bucket, key) as Part | undefined;
    // Not there, or nothing of it is in the range: fauxqs has the answer.
    if (!part || part.bytes.length === 0) return Promise.resolve(undefined);
    const { type, size, etag, bytes } = part;
    const answer = reply
      .code(206)
      .type(type)
      .header('etag', etag)
      .header('content-range', `bytes ${first}-${first + bytes.length - 1}/${size}`)
      .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    return Promise.resolve(answer);
  });
}
