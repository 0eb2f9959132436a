import type { Cloud } from '../aws/cloud.ts';
import { batchId, MAX_INLINE_BYTES, REQUESTS_PER_MEMBER, type SegmentRange } from '../job/batch.ts';
import { keys } from '../job/keys.ts';
import { SegmentWriter } from '../job/segment.ts';
import { MAX_LINE_BYTES } from '../urls/types.ts';
import type { RecordReader } from './lane-record.ts';
import { MessageSender } from './message-sender.ts';
import { identityEnd } from './request-line.ts';
import { MAX_UNIQUE, UniqueSet } from './unique-set.ts';

/** More than a line, and what stands round the requests of a batch, can take. */
const ROOM_BYTES = 2 * MAX_LINE_BYTES;
const [COMMA, LF] = [44, 10] as const;
/** A segment is closed, and the messages about it sent, when it has reached this. */
export const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;
const MAX_SEGMENT_RUNS = 20_000;

/** Whether requests travel inside their message. @param bytes - of their JSON, with a comma between them. */
export function isInline(count: number, bytes: number): boolean {
  return count < REQUESTS_PER_MEMBER && bytes <= MAX_INLINE_BYTES;
}

/** What is sent for certain. */
export interface Sent {
  readonly roots: number;
  readonly segments: number;
  readonly duplicates: number;
  /** Requests of the lane that has the most. */
  readonly largest: number;
}

/**
 * Turns the lines of lanes, lane by lane, into one message each: small lanes in the message, large ones as a range of a segment,
 * which is there before the message. Duplicates are dropped here, where all of a lane comes by: none escapes, and the set that
 * knows them is as small as the lane.
 */
export class LaneSender {
  readonly #cloud: Cloud;
  readonly #job: string;
  readonly #messages: MessageSender;
  readonly #known = new UniqueSet();
  readonly #maxUnique: number;
  /** The batch as it goes into a message, as long as it may: a head, then lines with commas between. */
  #out = Buffer.alloc(MAX_INLINE_BYTES + ROOM_BYTES);
  #headEnd = 0;
  #end = 0;
  /** Ends of the lines in `#out`. */
  readonly #ends = new Uint32Array(REQUESTS_PER_MEMBER);
  #lines = 0;
  /** The lane outgrew a message: its full members are in the segment. */
  #isRun = false;
  #count = 0;
  #lane = '';
  /** Batches of this lane so far: more than one only where it has too many requests to tell apart. */
  #part = 0;
  #segment: SegmentWriter | undefined;
  /** Batches in the open segment. */
  #pending: { readonly id: string; readonly lane: string; readonly count: number; readonly segment: SegmentRange }[] = [];
  #roots: number;
  #segments: number;
  #duplicates: number;
  #largest: number;
  /** Requests of this lane. */
  #inLane = 0;

  /** @param maxUnique - requests of one lane that are told apart. */
  constructor(cloud: Cloud, job: string, sent: Sent, maxUnique = MAX_UNIQUE) {
    this.#maxUnique = maxUnique;
    this.#cloud = cloud;
    this.#job = job;
    this.#messages = new MessageSender(cloud.requests);
    this.#roots = sent.roots;
    this.#segments = sent.segments;
    this.#duplicates = sent.duplicates;
    this.#largest = sent.largest;
  }

  get sent(): Sent {
    return { roots: this.#roots, segments: this.#segments, duplicates: this.#duplicates, largest: this.#largest };
  }

  begin(lane: string): void {
    this.#lane = lane;
    this.#part = 0;
    this.#inLane = 0;
    this.#open();
  }

  /** Takes the next line of a record. @returns a promise where the caller has to wait. */
  add(record: RecordReader): Promise<void> | undefined {
    const start = this.#end;
    const end = record.line(this.#out, start);
    if (!this.#known.add(this.#out, start, identityEnd(this.#out, start))) {
      this.#duplicates++;
      return undefined;
    }
    this.#ends[this.#lines++] = end;
    this.#out[end] = COMMA;
    this.#end = end + 1;
    this.#count++;
    this.#inLane++;
    if (this.#isRun ? this.#lines < REQUESTS_PER_MEMBER : isInline(this.#lines, end - this.#headEnd)) {
      this.#reserve();
      return undefined;
    }
    return this.#grow();
  }

  /** Ends the lane. @returns a promise where the caller has to wait. */
  end(): Promise<void> | undefined {
    this.#largest = Math.max(this.#largest, this.#inLane);
    if (this.#isRun) return this.#endRun();
    if (this.#count === 0) return undefined;
    // The last comma gives way to the end of the list.
    const end = this.#end - 1 + this.#out.write(`],"count":${this.#count}}`, this.#end - 1);
    return this.#send(this.#out.toString('utf8', 0, end), this.#id(), this.#lane);
  }

  /** Makes all of it certain: the open segment is there, and every message sent. */
  async flush(): Promise<void> {
    await this.#closeSegment();
    await this.#messages.drain();
  }

  async abort(): Promise<void> {
    await this.#segment?.abort();
    await this.#messages.drain().catch(() => {});
  }

  #id(): string {
    return batchId(this.#job, `${this.#part}@${this.#lane}`);
  }

  /** Begins a batch. */
  #open(): void {
    const head = JSON.stringify({ v: 1, job: this.#job, id: this.#id(), lane: this.#lane }).slice(0, -1);
    this.#headEnd = this.#out.write(`${head},"requests":[`);
    this.#end = this.#headEnd;
    this.#lines = 0;
    this.#count = 0;
    this.#isRun = false;
    this.#known.clear();
  }

  /** The batch is too large for a message: full members go to the segment. */
  async #grow(): Promise<void> {
    this.#isRun = true;
    this.#reserve();
    if (this.#lines < REQUESTS_PER_MEMBER) return;
    await this.#writeMember();
    if (this.#known.size < this.#maxUnique) return;
    // What one set cannot hold goes on as another batch of the lane, behind this one.
    await this.#endRun();
    await this.flush();
    this.#part++;
    this.#open();
  }

  async #writeMember(): Promise<void> {
    const number = String(this.#segments).padStart(6, '0');
    this.#segment ??= new SegmentWriter(this.#cloud.objects, keys.segment(this.#job, number));
    for (let i = 0; i < this.#lines; i++) this.#out[this.#ends[i] ?? 0] = LF;
    const member = this.#out.subarray(this.#headEnd, this.#end);
    this.#end = this.#headEnd;
    this.#lines = 0;
    await this.#segment.member(member);
  }

  async #endRun(): Promise<void> {
    if (this.#lines > 0) await this.#writeMember();
    const segment = this.#segment;
    if (!segment) throw new Error('A run without a segment.');
    this.#pending.push({ id: this.#id(), lane: this.#lane, count: this.#count, segment: segment.endRun() });
    if (segment.bytes >= MAX_SEGMENT_BYTES || this.#pending.length >= MAX_SEGMENT_RUNS) await this.#closeSegment();
  }

  async #closeSegment(): Promise<void> {
    if (!this.#segment) return;
    await this.#segment.close();
    this.#segment = undefined;
    this.#segments++;
    const pending = this.#pending;
    this.#pending = [];
    for (const batch of pending) await this.#send(JSON.stringify({ v: 1, job: this.#job, ...batch }), batch.id, batch.lane);
  }

  #send(body: string, id: string, lane: string): Promise<void> | undefined {
    this.#roots++;
    return this.#messages.send({ body, group: lane, deduplicationId: id });
  }

  #reserve(): void {
    if (this.#end + ROOM_BYTES <= this.#out.length) return;
    const larger = Buffer.alloc(this.#out.length * 2);
    this.#out.copy(larger, 0, 0, this.#end);
    this.#out = larger;
  }
}
