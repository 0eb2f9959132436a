import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  type S3Client,
  Upload,
} from './sdk.ts';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

const zip = promisify(gzip);
const unzip = promisify(gunzip);

/** Part size of multipart uploads. S3 wants at least 5 MiB (AWS S3 limits); the embedded S3 takes at most 11. */
const PART_BYTES = 8 * 1024 * 1024;

export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  readonly modifiedAt: Date;
  readonly etag: string;
}

export interface PutOptions {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A range of bytes, both ends included, as HTTP has it (RFC 9110, section 14.1.2). */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** One bucket. Every write is whole or not there, and what is written is read at once (AWS S3 data consistency model). */
export class ObjectStore {
  readonly bucket: string;
  readonly #s3: S3Client;

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3;
    this.bucket = bucket;
  }

  /** @returns the object's bytes, or undefined where there is none. */
  async get(key: string, range?: ByteRange): Promise<Buffer | undefined> {
    const stream = await this.stream(key, range);
    return stream && Buffer.from(await stream.body.transformToByteArray());
  }

  async getText(key: string): Promise<string | undefined> {
    return (await this.get(key))?.toString('utf8');
  }

  /** @throws {SyntaxError} naming the key, if the object is no JSON. */
  async getJson<T>(key: string): Promise<T | undefined> {
    const bytes = await this.get(key);
    if (!bytes) return undefined;
    try {
      const text = key.endsWith('.gz') ? await unzip(bytes) : bytes;
      return JSON.parse(text.toString('utf8')) as T;
    } catch (error) {
      throw new SyntaxError(`Object ${key} is not the JSON it should be: ${String(error)}`, { cause: error });
    }
  }

  /** @returns the body as a stream with its size and ETag; undefined where there is no such object. */
  async stream(key: string, range?: ByteRange) {
    try {
      const answer = await this.#s3.send(
        new GetObjectCommand({ Bucket: this.bucket, Key: key, ...(range && { Range: `bytes=${range.first}-${range.last}` }) }),
      );
      if (!answer.Body) throw new Error(`S3 gave no body for ${key}`);
      return { body: answer.Body as typeof answer.Body & Readable, size: answer.ContentLength ?? 0, etag: answer.ETag ?? '' };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    try {
      const answer = await this.#s3.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key }));
      return { key, size: answer.ContentLength ?? 0, modifiedAt: answer.LastModified ?? new Date(0), etag: answer.ETag ?? '' };
    } catch (error) {
      if (error instanceof NotFound || error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  async put(key: string, body: Uint8Array | string, options: PutOptions = {}): Promise<void> {
    // A body beyond one part goes up in several: the limit of one PUT differs between stores, that of a part does not.
    if (body.length > PART_BYTES) return this.putStream(key, body, options);
    await this.#s3.send(
      new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: body, ContentLength: Buffer.byteLength(body), ...awsOptions(options) }),
    );
  }

  /**
   * Writes JSON on a condition that S3 checks and keeps by itself, so that of several writers one succeeds (Amazon S3 user guide,
   * "Conditional writes").
   *
   * @param condition - `absent`: there is no object yet; else the ETag that it has.
   * @returns whether it was written; false may also mean that an earlier try of this very call was, and its answer got lost.
   */
  async putJsonIf(key: string, value: unknown, condition: 'absent' | { readonly etag: string }): Promise<boolean> {
    const wanted = condition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.etag };
    try {
      const Body = JSON.stringify(value);
      await this.#s3.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body, ContentType: 'application/json', ...wanted }));
      return true;
    } catch (error) {
      // 409: another conditional write was under way. 404: the object with the ETag is gone.
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
      if ([404, 409, 412].includes(status)) return false;
      throw error;
    }
  }

  /** Writes JSON; gzipped where the key ends with `.gz`. */
  async putJson(key: string, value: unknown): Promise<void> {
    const text = JSON.stringify(value);
    await this.put(key, key.endsWith('.gz') ? await zip(text) : text, {
      contentType: key.endsWith('.gz') ? 'application/gzip' : 'application/json',
    });
  }

  /** Writes a stream of any size in constant memory; visible whole at the end, or not at all. */
  async putStream(key: string, body: Readable | Uint8Array | string, options: PutOptions = {}): Promise<void> {
    const upload = new Upload({
      client: this.#s3,
      params: { Bucket: this.bucket, Key: key, Body: body, ...awsOptions(options) },
      partSize: PART_BYTES,
      queueSize: 2,
    });
    await upload.done();
  }

  /** Deleting what is not there is no error. */
  async delete(key: string): Promise<void> {
    await this.#s3.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }));
  }

  /**
   * Lists keys under a prefix in S3's order (UTF-8), a thousand a call.
   *
   * @param startAfter - lists only keys behind this one.
   */
  async *list(prefix: string, startAfter?: string): AsyncGenerator<ObjectInfo> {
    let token: string | undefined;
    do {
      const page = await this.#s3.send(
        new ListObjectsV2Command({
          Bucket: this.bucket,
          Prefix: prefix,
          ContinuationToken: token,
          ...(token === undefined && { StartAfter: startAfter }),
        }),
      );
      for (const o of page.Contents ?? []) {
        yield { key: o.Key ?? '', size: o.Size ?? 0, modifiedAt: o.LastModified ?? new Date(0), etag: o.ETag ?? '' };
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** The "folders" directly under a prefix: its common prefixes, without the prefix and the closing slash. */
  async *folders(prefix: string): AsyncGenerator<string> {
    let token: string | undefined;
    do {
      const page = await this.#s3.send(
        new ListObjectsV2Command({ Bucket: this.bucket, Prefix: prefix, Delimiter: '/', ContinuationToken: token }),
      );
      for (const p of page.CommonPrefixes ?? []) yield (p.Prefix ?? '').slice(prefix.length, -1);
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }
}

function awsOptions(options: PutOptions) {
  return {
    ...(options.contentType && { ContentType: options.contentType }),
    ...(options.contentEncoding && { ContentEncoding: options.contentEncoding }),
    ...(options.metadata && { Metadata: options.metadata }),
  };
}
