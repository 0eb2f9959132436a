import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { promisify } from 'node:util';
import { constants, gunzip, gzipSync } from 'node:zlib';
import type { ObjectStore } from '../aws/objects.ts';
import { REQUESTS_PER_MEMBER, type SegmentRange } from './batch.ts';
import type { Request } from './request.ts';

const unzip = promisify(gunzip);

/** Level 1 packs the request lines of a host within an eighth of level 6, at a sixth of its time. */
const GZIP_LEVEL = 1;
/** Room for a packed member to begin with: most of the usual 16 KiB would be garbage behind a small one. */
const SMALL_MEMBER = { textBytes: 16_384, chunkBytes: 4_096 };
/** A reader takes one member first, since a slow lane needs no more, then twice as many per GET up to these. */
export const MAX_MEMBERS_PER_GET = 32;
const MAX_BYTES_PER_GET = 1024 * 1024;
/** A member that unpacks to more is no work of ours: a request line has at most 64 KiB. */
const MAX_MEMBER_BYTES = 128 * 1024 * 1024;

/** The member texts of one lane's run: JSON lines, each ended by a newline, {@link REQUESTS_PER_MEMBER} in every text but the last. */
export type Run = Iterable<string | Uint8Array>;

/** Cuts requests into the texts of gzip members. */
export function* memberTexts(requests: readonly Request[]): Generator<string> {
  for (let at = 0; at < requests.length; at += REQUESTS_PER_MEMBER) {
    let text = '';
    for (const request of requests.slice(at, at + REQUESTS_PER_MEMBER)) text += `${JSON.stringify(request)}\n`;
    yield text;
  }
}

/**
 * Writes a segment: the runs one behind the other, each text a gzip member of its own, so that any range of members is readable
 * alone and the whole object still is one valid `.gz`. The same runs give the same bytes, so a repeat overwrites the object with
 * itself.
 *
 * @returns the range of each run, in order; valid once the promise is fulfilled, since the object appears whole at the end.
 */
export async function writeSegment(objects: ObjectStore, key: string, runs: Iterable<Run>): Promise<SegmentRange[]> {
  const writer = new SegmentWriter(objects, key);
  const ranges: SegmentRange[] = [];
  try {
    for (const run of runs) {
      for (const text of run) await writer.member(text);
      ranges.push(writer.endRun());
    }
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return ranges;
}

/** Writes a segment as its members come, in constant memory; {@link writeSegment} says how it is made. */
export class SegmentWriter {
  readonly #key: string;
  readonly #stream = new PassThrough();
  readonly #upload: Promise<void>;
  #failure: unknown;
  #offset = 0;
  #runOffset = 0;
  #members: number[] = [];

  constructor(objects: ObjectStore, key: string) {
    this.#key = key;
    // Errors arrive through the upload, which reads this stream; without a listener one would end the process.
    this.#stream.on('error', () => {});
    this.#upload = objects.putStream(key, this.#stream, { contentType: 'application/gzip' }).catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** Packed bytes so far. */
  get bytes(): number {
    return this.#offset;
  }

  /** @param text - JSON lines: {@link REQUESTS_PER_MEMBER} of them, fewer in a run's last member. */
  async member(text: string | Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    // Here and not in the thread pool: handing a member over takes a third of the time of packing it, and a function has one core.
    const member = gzipSync(text, {
      level: GZIP_LEVEL,
      ...(text.length < SMALL_MEMBER.textBytes && { chunkSize: SMALL_MEMBER.chunkBytes }),
    });
    this.#members.push(member.length);
    this.#offset += member.length;
    if (!this.#stream.write(member)) await Promise.race([once(this.#stream, 'drain'), this.#upload]);
  }

  /** @returns the range of the members since the last run's end; valid once {@link close} is done. */
  endRun(): SegmentRange {
    const range = { key: this.#key, offset: this.#runOffset, members: this.#members, skip: 0 };
    this.#runOffset = this.#offset;
    this.#members = [];
    return range;
  }

  /** Makes the object visible, whole. @throws what S3 answered. */
  async close(): Promise<void> {
    this.#stream.end();
    await this.#upload;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Gives up: the object does not appear. */
  async abort(): Promise<void> {
    this.#stream.destroy(new Error('The segment was given up.'));
    await this.#upload;
  }
}

/**
 * Reads the requests of a range, member by member.
 *
 * @param from - requests to leave out at the front, beside those that `range.skip` leaves out.
 * @returns arrays of requests, none of them empty; stop iterating and nothing more is fetched.
 * @throws {Error} naming the object, if it is not there or not what the range says.
 */
export async function* readSegment(objects: ObjectStore, range: SegmentRange, from = 0): AsyncGenerator<Request[]> {
  if (range.skip + from >= range.members.length * REQUESTS_PER_MEMBER) return;
  const { key, members, offset, skip } = restOf(range, from);
  let start = offset;
  let wanted = 1;
  for (let at = 0; at < members.length; wanted = Math.min(wanted * 2, MAX_MEMBERS_PER_GET)) {
    const sizes = upTo(members, at, wanted);
    const length = sizes.reduce((sum, size) => sum + size, 0);
    const bytes = await objects.get(key, { first: start, last: start + length - 1 });
    if (!bytes) throw new Error(`Segment ${key} is not there; its requests expired or were deleted.`);
    let taken = 0;
    for (const size of sizes) {
      const isLast = at === members.length - 1;
      const requests = await unpack(bytes.subarray(taken, taken + size), `${key} at byte ${start + taken}`, isLast);
      const fresh = at === 0 ? requests.slice(skip) : requests;
      if (fresh.length > 0) yield fresh;
      taken += size;
      at++;
    }
    start += length;
  }
}

/**
 * The range without its first requests.
 *
 * @param worked - requests to leave out, counted behind `range.skip`.
 * @throws {RangeError} if that would leave no member.
 */
export function restOf(range: SegmentRange, worked: number): SegmentRange {
  const skip = range.skip + worked;
  const gone = Math.floor(skip / REQUESTS_PER_MEMBER);
  if (worked < 0 || gone >= range.members.length)
    throw new RangeError(`No rest of ${range.members.length} members of ${range.key} behind request ${skip}.`);
  const bytes = range.members.slice(0, gone).reduce((sum, size) => sum + size, 0);
  return { key: range.key, offset: range.offset + bytes, members: range.members.slice(gone), skip: skip % REQUESTS_PER_MEMBER };
}

function upTo(members: readonly number[], at: number, count: number): number[] {
  const sizes: number[] = [];
  let bytes = 0;
  for (const size of members.slice(at, at + count)) {
    if (sizes.length > 0 && bytes + size > MAX_BYTES_PER_GET) break;
    sizes.push(size);
    bytes += size;
  }
  return sizes;
}

async function unpack(member: Buffer, place: string, isLast: boolean): Promise<Request[]> {
  let requests: Request[];
  try {
    const text = (await unzip(member, { maxOutputLength: MAX_MEMBER_BYTES, finishFlush: constants.Z_FINISH })).toString('utf8');
    // One parse for the lot: a newline stands only between requests, for inside a JSON string it is escaped.
    requests = JSON.parse(`[${text.trimEnd().replaceAll('\n', ',')}]`) as Request[];
  } catch (error) {
    throw new Error(`Segment ${place} does not hold the requests it should: ${String(error)}`, { cause: error });
  }
  if (!isLast && requests.length !== REQUESTS_PER_MEMBER)
    throw new Error(`Segment ${place} holds ${requests.length} requests, not ${REQUESTS_PER_MEMBER}.`);
  return requests;
}
