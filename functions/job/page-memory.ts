import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';

const zip = promisify(gzip);
const unzip = promisify(gunzip);

/** What an earlier run of a scraper found under one request. */
export interface PageRecord {
  readonly url: string;
  /** Page type. */
  readonly page: string;
  /** Of the answer (RFC 9110, section 8.8), where it can be asked for again on condition. */
  readonly etag?: string;
  readonly lastModified?: string;
  /** A hash for each item, in order; one for all of them where there are many ({@link MAX_ITEM_HASHES}). */
  readonly items: readonly string[];
  /** Hash of the request's own data, which lines carry along; absent: it had none. */
  readonly data?: string;
  /** What the items were extracted with: the scraper as it was. */
  readonly rules: string;
  /** When a run last reached it, ms since the epoch. */
  readonly atMs: number;
}

/** What one batch has to add: a record by its key, null for a page that is gone. */
export type PageUpdate = readonly [key: string, record: PageRecord | null];

/** Pages remembered per lane. 10 lanes of an invocation that are all full take some 300 MB. */
export const MAX_PAGES = 100_000;
/** A longer list of items is remembered as one hash. */
export const MAX_ITEM_HASHES = 64;
/** A record in JSON; a larger one (a URL of 2,000 characters, say) is not remembered. */
const MAX_RECORD_CHARS = 4_000;
/** Batches whose updates are in; one that was delivered again much later finds nothing to do, or only what is so already. */
const MAX_APPLIED = 1_000;

/**
 * What a lane remembers of a scraper's pages from job to job: `state/pages/<scraper>/<lane>.gz`. Records are kept as text and opened
 * one at a time, so that a full memory costs what its text does.
 */
export class PageMemory {
  readonly #records = new Map<string, string>();
  #applied: string[];

  private constructor(applied: readonly string[]) {
    this.#applied = [...applied];
  }

  /** @param bytes - what {@link PageMemory.encode} gave; absent: nothing is remembered yet. */
  static async decode(bytes: Uint8Array | undefined): Promise<PageMemory> {
    if (!bytes) return new PageMemory([]);
    const lines = (await unzip(bytes)).toString('utf8').split('\n');
    const memory = new PageMemory(JSON.parse(lines[0] ?? '[]') as string[]);
    for (const line of lines.slice(1)) {
      const end = line.indexOf(' ');
      if (end > 0) memory.#records.set(line.slice(0, end), line.slice(end + 1));
    }
    return memory;
  }

  get size(): number {
    return this.#records.size;
  }

  get(key: string): PageRecord | undefined {
    const text = this.#records.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as PageRecord);
  }

  /** Whether a page may be remembered: it is already, or there is room. */
  hasRoomFor(key: string, more: number): boolean {
    return this.#records.has(key) || this.#records.size + more < MAX_PAGES;
  }

  *entries(): Generator<readonly [key: string, record: PageRecord]> {
    for (const [key, text] of this.#records) yield [key, JSON.parse(text) as PageRecord];
  }

  /**
   * Takes up what a batch found, once.
   *
   * @returns whether anything was new.
   */
  apply(batch: string, updates: readonly PageUpdate[]): boolean {
    if (this.#applied.includes(batch)) return false;
    this.#applied = [...this.#applied.slice(1 - MAX_APPLIED), batch];
    for (const [key, record] of updates) {
      const text = record && JSON.stringify(record);
      if (text === null || text.length > MAX_RECORD_CHARS) this.#records.delete(key);
      else if (this.hasRoomFor(key, 0)) this.#records.set(key, text);
    }
    return true;
  }

  async encode(): Promise<Buffer> {
    const lines = [JSON.stringify(this.#applied)];
    for (const [key, text] of this.#records) lines.push(`${key} ${text}`);
    return zip(lines.join('\n'), { level: constants.Z_BEST_SPEED });
  }
}
