import type { ErrorCount } from '../job/outcome.ts';
import { laneOf, type LaneRule } from '../job/lane.ts';
import type { Request } from '../job/request.ts';
import { MAX_LINE_BYTES, place, type Fault, type Sink } from '../urls/types.ts';
import { LaneStore } from './lane-store.ts';
import { identityEnd, requestLine } from './request-line.ts';
import { MAX_UNIQUE, UniqueSet } from './unique-set.ts';

/** A plain request as a JSON line: what stands before and behind its URL. */
const HEAD = Buffer.from('{"url":"');
const TAIL = Buffer.from('"}');
const SLASH = 47;
/** A longer host name shares its lane's name with others (see `laneOf`). */
const MAX_PLAIN_HOST = 100;
/** A URL as long as a line may be, with the JSON round it. */
export const MAX_JSON_BYTES = MAX_LINE_BYTES + 64;
/** Place of a lane's name in the scratch buffer. */
const NAME_AT = MAX_JSON_BYTES;

/** What has been read of an input, in requests. `entries` = held or sent + `failed` + `limited`. */
export interface Counts {
  entries: number;
  failed: number;
  /** Over the job's `maxRequests`. */
  limited: number;
  errors: Record<string, ErrorCount>;
}

export interface GatherOptions {
  readonly rule: LaneRule;
  readonly maxRequests: number;
  /** Entries that an earlier invocation has dealt with: passed over. */
  readonly skip: number;
  readonly counts: Counts;
  readonly budgetBytes: number;
}

/** Takes what the readers find and gathers the requests by lane. */
export class Gatherer implements Sink {
  readonly store: LaneStore;
  readonly counts: Counts;
  /** Name of the input being read, for messages. */
  source = '';
  /** Further sitemaps that the input names, in order. */
  sitemaps: string[] = [];
  readonly #options: GatherOptions;
  /** The requests taken, where their number has a limit that a set can hold: a duplicate must not count. */
  readonly #taken: UniqueSet | undefined;
  /** Whether a lane's name is the host itself. */
  readonly #isPlainRule: boolean;
  /** A line from 0 on; behind it a name. */
  readonly #line = Buffer.alloc(2 * MAX_JSON_BYTES);
  #skip: number;
  #faults: Fault[] = [];

  constructor(options: GatherOptions) {
    this.#options = options;
    this.#skip = options.skip;
    this.#isPlainRule = options.rule.groupBy === 'host' && options.rule.lanes === 1;
    this.#taken = options.maxRequests <= MAX_UNIQUE ? new UniqueSet() : undefined;
    this.store = new LaneStore(options.budgetBytes * 1.25, MAX_JSON_BYTES);
    this.counts = options.counts;
    HEAD.copy(this.#line);
  }

  /** Hands over the faults since the last call. */
  takeFaults(): readonly Fault[] {
    const faults = this.#faults;
    this.#faults = [];
    return faults;
  }

  url(bytes: Buffer, start: number, end: number): void {
    const line = this.#line;
    let at = HEAD.length;
    for (let i = start; i < end; i++) line[at++] = bytes[i] ?? 0;
    line[at++] = TAIL[0] ?? 0;
    line[at++] = TAIL[1] ?? 0;
    if (this.#isWanted()) this.#holdUrl(bytes, start, end, at);
  }

  request(request: Request, line: number): void {
    const json = requestLine(request);
    // Three bytes a character at most: only what might be too long is measured.
    if (json.length * 3 > MAX_LINE_BYTES && Buffer.byteLength(json) > MAX_LINE_BYTES) {
      const message = `${place(line, this.source)} makes a request of more than ${MAX_LINE_BYTES} bytes. Shorten its "data" or "body".`;
      this.fault({ code: 'bad-line', message, line, text: request.url.slice(0, 200) });
      return;
    }
    const length = this.#line.write(json);
    if (this.#isWanted()) this.#hold(request.url, length);
  }

  fault(fault: Fault): void {
    if (this.#isPassed()) return;
    const { code, text: url, message } = fault;
    this.counts.failed++;
    const known = this.counts.errors[code];
    this.counts.errors[code] = known ? { ...known, count: known.count + 1 } : { count: 1, url, message };
    this.#faults.push(fault);
  }

  sitemap(url: string): void {
    this.sitemaps.push(url);
  }

  /** Whether an earlier invocation has dealt with this entry. */
  #isPassed(): boolean {
    if (this.#skip > 0) {
      this.#skip--;
      return true;
    }
    this.counts.entries++;
    return false;
  }

  /** Whether the request in `#line` is to be kept. */
  #isWanted(): boolean {
    const { maxRequests } = this.#options;
    const { entries, failed, limited } = this.counts;
    const taken = this.#taken;
    const isFull = (taken?.size ?? entries - failed - limited) >= maxRequests;
    // A duplicate of one taken goes on, and is counted where it is dropped. The set learns of what is passed over, too.
    const isNew = taken?.add(this.#line, 0, identityEnd(this.#line, 0), isFull) ?? true;
    if (this.#isPassed()) return false;
    if (!isNew || !isFull) return true;
    this.counts.limited++;
    return false;
  }

  /** Holds the line for a URL given by its bytes, without a string where the rule allows. */
  #holdUrl(bytes: Buffer, start: number, end: number, length: number): void {
    const hostStart = bytes[start + 4] === 115 ? start + 8 : start + 7;
    let hostEnd = hostStart;
    while (bytes[hostEnd] !== SLASH) hostEnd++;
    if (this.#isPlainRule && hostEnd - hostStart <= MAX_PLAIN_HOST) this.store.append(bytes, hostStart, hostEnd, this.#line, length);
    else this.#hold(bytes.toString('latin1', start, end), length);
  }

  #hold(url: string, length: number): void {
    const end = NAME_AT + this.#line.write(laneOf(url, this.#options.rule), NAME_AT);
    this.store.append(this.#line, NAME_AT, end, this.#line, length);
  }
}
