import { hash } from 'node:crypto';
import type { FetchedPage, Validators } from '../fetch/types.ts';
import { MAX_ITEM_HASHES, type PageMemory, type PageRecord, type PageUpdate } from '../job/page-memory.ts';
import { requestKey, targetOf, type Json, type Request } from '../job/request.ts';
import type { Change, GoneLine } from '../job/result.ts';
import type { PageYield, Scraper } from '../scraper/types.ts';

/** Characters of a validator that is worth keeping. */
const MAX_VALIDATOR_CHARS = 500;
/** Statuses by which a site says that a page is no more (RFC 9110, sections 15.5.5 and 15.5.11). */
const GONE = new Set([404, 410]);

/** Compares what a slice finds with what earlier runs of the scraper found there, and gathers what is to be remembered of it. */
export class PageChanges {
  readonly #memory: PageMemory;
  readonly #scraper: Pick<Scraper, 'firstPage' | 'rules'>;
  readonly #now: () => number;
  readonly #updates = new Map<string, PageRecord | null>();

  constructor(memory: PageMemory, scraper: Pick<Scraper, 'firstPage' | 'rules'>, now: () => number) {
    this.#memory = memory;
    this.#scraper = scraper;
    this.#now = now;
  }

  get updates(): readonly PageUpdate[] {
    return [...this.#updates];
  }

  /**
   * What to make the fetch conditional with. Nothing for a page that is other than it was in anything but its bytes: extracted by other
   * rules, with other data to carry, or with links, which are wanted each time.
   */
  validatorsFor(request: Request): Validators | undefined {
    const known = this.#memory.get(keyOf(request));
    if (!known || (known.etag ?? known.lastModified) === undefined) return undefined;
    if (known.rules !== this.#scraper.rules || known.data !== dataHash(request)) return undefined;
    const { etag, lastModified } = known;
    return { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) };
  }

  /** The site says that the page is as it was. */
  confirmed(request: Request): void {
    this.#reached(request);
  }

  /**
   * Judges a page that was fetched whole.
   *
   * @returns what became of each item, in order; `unchanged` if of all of them; undefined where the page cannot be remembered.
   */
  judge(request: Request, page: FetchedPage, { items, follows }: PageYield): readonly Change[] | 'unchanged' | undefined {
    const key = keyOf(request);
    const known = this.#memory.get(key);
    if (!this.#memory.hasRoomFor(key, this.#updates.size)) return undefined;
    const now = itemHashes(items);
    // A condition is sent to the URL that is asked for, so the validators must be its own; and a page with links is wanted whole.
    const mayAsk = (request.method ?? 'GET') === 'GET' && page.url === targetOf(request) && follows.length === 0;
    const { etag, 'last-modified': lastModified } = page.headers;
    const data = dataHash(request);
    this.#updates.set(key, {
      url: request.url,
      page: request.page ?? this.#scraper.firstPage,
      ...(mayAsk && isShort(etag) && { etag }),
      ...(mayAsk && isShort(lastModified) && { lastModified }),
      items: now,
      ...(data !== undefined && { data }),
      rules: this.#scraper.rules,
      atMs: this.#now(),
    });
    if (!known) return items.map(() => 'new');
    const isSame = known.data === data && known.items.length === now.length && known.items.every((one, at) => one === now[at]);
    if (isSame) return 'unchanged';
    if (now.length !== items.length || known.data !== data) return items.map(() => 'changed');
    return changesOf(known.items, now);
  }

  /** @returns the line of a page that was there and by its answer is no more; undefined for any other failure. */
  failed(request: Request, status: number | undefined): GoneLine | undefined {
    const key = keyOf(request);
    const known = this.#memory.get(key);
    if (!known) return undefined;
    if (status === undefined || !GONE.has(status)) {
      this.#reached(request);
      return undefined;
    }
    this.#updates.set(key, null);
    return goneLine(known, this.#now(), status);
  }

  #reached(request: Request): void {
    const key = keyOf(request);
    const known = this.#memory.get(key);
    if (known) this.#updates.set(key, { ...known, atMs: this.#now() });
  }
}

/** The line of a page that was there in an earlier run. */
export function goneLine({ url, page }: PageRecord, atMs: number, status?: number): GoneLine {
  return { url, page, item: null, change: 'gone', fetchedAt: new Date(atMs).toISOString(), ...(status !== undefined && { status }) };
}

/**
 * An item that was on the page before is unchanged, wherever it stood. Another is a changed one if what stood at its place is on the page
 * no more, and a new one otherwise.
 */
function changesOf(before: readonly string[], now: readonly string[]): Change[] {
  const [had, has] = [new Set(before), new Set(now)];
  return now.map((item, at) => {
    if (had.has(item)) return 'unchanged';
    const replaced = before[at];
    return replaced !== undefined && !has.has(replaced) ? 'changed' : 'new';
  });
}

function itemHashes(items: readonly Json[]): string[] {
  const texts = items.map((item) => JSON.stringify(item));
  return texts.length > MAX_ITEM_HASHES ? [shortHash(texts.join('\n'))] : texts.map(shortHash);
}

function dataHash({ data }: Request): string | undefined {
  return data === undefined ? undefined : shortHash(JSON.stringify(data));
}

function keyOf(request: Request): string {
  return shortHash(requestKey(request));
}

/** 72 bits of SHA-256: of a million pages two collide with a probability of one in ten billion. */
function shortHash(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 12);
}

function isShort(value: string | undefined): boolean {
  return value !== undefined && value.length <= MAX_VALIDATOR_CHARS;
}
