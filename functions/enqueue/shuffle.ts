import type { ErrorCount } from '../job/outcome.ts';
import { hostOf, laneOf, type LaneRule } from '../job/lane.ts';
import { requestKey, type Request } from '../job/request.ts';
import { MAX_LINE_BYTES, place, type Fault, type Sink } from '../urls/types.ts';
import { LaneStore } from './lane-store.ts';
import type { LaneRun } from './lane-table.ts';
import { MAX_UNIQUE, UniqueSet } from './unique-set.ts';

/** A plain request as a JSON line: what stands before and behind its URL. */
const HEAD = Buffer.from('{"url":"');
const TAIL = Buffer.from('"}');
const SLASH = 47;
/** Kinds of keys in the set: a URL alone, or a whole request key. */
const [URL_KEY, REQUEST_KEY] = [0, 1] as const;
/** A longer host name shares its lane's name with others (see `laneOf`). */
const MAX_PLAIN_HOST = 100;
/** A URL as long as a line may be, with the JSON round it. */
const MAX_JSON_BYTES = MAX_LINE_BYTES + 64;
/** Places in the scratch buffer. */
const KEY_AT = MAX_JSON_BYTES;
const NAME_AT = MAX_JSON_BYTES;
/** Hosts counted one by one; beyond, each lane that appears again counts once more. */
const MAX_HOSTS = 1_000_000;

/** What has been read of an input, in requests. `entries` = sent + `duplicates` + `failed` + `limited`. */
export interface Counts {
  entries: number;
  duplicates: number;
  failed: number;
  /** Over the job's `maxRequests`. */
  limited: number;
  errors: Record<string, ErrorCount>;
}

export interface ShuffleOptions {
  readonly rule: LaneRule;
  readonly maxRequests: number;
  /** Entries that an earlier invocation has dealt with: passed over. */
  readonly skip: number;
  readonly counts: Counts;
  readonly budgetBytes: number;
}

/** Takes what the readers find: drops duplicates and gathers the requests by lane until they are taken out. */
export class Shuffle implements Sink {
  readonly store: LaneStore;
  readonly counts: Counts;
  /** Name of the input being read, for messages. */
  source = '';
  /** Further sitemaps that the input names, in order. */
  sitemaps: string[] = [];
  readonly #options: ShuffleOptions;
  readonly #known = new UniqueSet();
  readonly #hosts = new UniqueSet();
  /** Whether a lane's name is the host itself. */
  readonly #isPlainRule: boolean;
  /** A line from 0 on; behind it a key or a name. */
  readonly #line = Buffer.alloc(3 * MAX_JSON_BYTES);
  #skip: number;
  #faults: Fault[] = [];

  constructor(options: ShuffleOptions) {
    this.#options = options;
    this.#skip = options.skip;
    this.#isPlainRule = options.rule.groupBy === 'host' && options.rule.lanes === 1;
    this.store = new LaneStore(options.budgetBytes * 1.6, MAX_JSON_BYTES);
    this.counts = options.counts;
    HEAD.copy(this.#line);
  }

  /** Distinct hosts up to a million, at most so many beyond. */
  get hosts(): number {
    return this.#hosts.size;
  }

  /** It can hold no more requests apart: what follows is deduplicated from scratch. */
  get isFull(): boolean {
    return this.#known.size >= MAX_UNIQUE;
  }

  /** Hands over the faults since the last call. */
  takeFaults(): readonly Fault[] {
    const faults = this.#faults;
    this.#faults = [];
    return faults;
  }

  /** Forgets which requests and hosts it knows. */
  forget(): void {
    this.#known.clear();
    this.#hosts.clear();
  }

  url(bytes: Buffer, start: number, end: number): void {
    if (this.#passes()) return;
    if (!this.#known.add(bytes, start, end, URL_KEY)) {
      this.counts.duplicates++;
      return;
    }
    if (this.#isOverLimit()) return;
    const line = this.#line;
    let at = HEAD.length;
    for (let i = start; i < end; i++) line[at++] = bytes[i] ?? 0;
    line[at++] = TAIL[0] ?? 0;
    line[at++] = TAIL[1] ?? 0;
    this.store.append(this.#urlLane(bytes, start, end), line, at);
  }

  request(request: Request, line: number): void {
    if (this.#passes()) return;
    const json = JSON.stringify(request);
    // Three bytes a character at most: only what might be too long is measured.
    if (json.length * 3 > MAX_LINE_BYTES && Buffer.byteLength(json) > MAX_LINE_BYTES) {
      const message = `${place(line, this.source)} makes a request of more than ${MAX_LINE_BYTES} bytes. Shorten its "data" or "body".`;
      this.#fault({ code: 'bad-line', message, line, text: request.url.slice(0, 200) });
      return;
    }
    const isPlain = request.page === undefined && request.method === undefined && request.body === undefined;
    const keyEnd = KEY_AT + this.#line.write(isPlain ? request.url : requestKey(request), KEY_AT);
    if (!this.#known.add(this.#line, KEY_AT, keyEnd, isPlain ? URL_KEY : REQUEST_KEY)) {
      this.counts.duplicates++;
      return;
    }
    if (this.#isOverLimit()) return;
    const length = this.#line.write(json);
    this.store.append(this.#lane(request.url), this.#line, length);
    HEAD.copy(this.#line);
  }

  fault(fault: Fault): void {
    if (!this.#passes()) this.#fault(fault);
  }

  sitemap(url: string): void {
    this.sitemaps.push(url);
  }

  #fault(fault: Fault): void {
    const { code, text: url, message } = fault;
    this.counts.failed++;
    const known = this.counts.errors[code];
    this.counts.errors[code] = known ? { ...known, count: known.count + 1 } : { count: 1, url, message };
    this.#faults.push(fault);
  }

  #passes(): boolean {
    if (this.#skip > 0) {
      this.#skip--;
      return true;
    }
    this.counts.entries++;
    return false;
  }

  #isOverLimit(): boolean {
    const { entries, duplicates, failed, limited } = this.counts;
    if (entries - duplicates - failed - limited <= this.#options.maxRequests) return false;
    this.counts.limited++;
    return true;
  }

  /** The lane of a URL by its bytes, without a string where the rule allows. */
  #urlLane(bytes: Buffer, start: number, end: number): LaneRun {
    const hostStart = bytes[start + 4] === 115 ? start + 8 : start + 7;
    let hostEnd = hostStart;
    while (bytes[hostEnd] !== SLASH) hostEnd++;
    if (!this.#isPlainRule || hostEnd - hostStart > MAX_PLAIN_HOST) return this.#lane(bytes.toString('latin1', start, end));
    const { begun } = this.store;
    const lane = this.store.lane(bytes, hostStart, hostEnd);
    if (this.store.begun > begun) this.#count(bytes, hostStart, hostEnd);
    return lane;
  }

  #lane(url: string): LaneRun {
    const scratch = this.#line;
    const { begun } = this.store;
    const end = NAME_AT + scratch.write(laneOf(url, this.#options.rule), NAME_AT);
    const lane = this.store.lane(scratch, NAME_AT, end);
    // A lane that begins is a host that is new, or has more lanes than one; the lane of a site says nothing of its hosts.
    if (this.store.begun > begun || this.#options.rule.groupBy === 'site')
      this.#count(scratch, NAME_AT, NAME_AT + scratch.write(hostOf(url), NAME_AT));
    return lane;
  }

  #count(bytes: Buffer, start: number, end: number): void {
    if (this.#hosts.size < MAX_HOSTS) this.#hosts.add(bytes, start, end);
  }
}
