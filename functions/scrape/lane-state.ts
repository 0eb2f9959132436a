import type { Cloud } from '../aws/cloud.ts';
import { CookieJar, type StoredCookie } from '../fetch/cookie-jar.ts';
import type { PaceState } from '../fetch/lane-pace.ts';
import type { Batch } from '../job/batch.ts';
import { keys } from '../job/keys.ts';
import { PageMemory, type PageUpdate } from '../job/page-memory.ts';
import { decodeHashes, encodeHashes, SeenSet } from '../job/seen.ts';
import { RobotsCache, type RobotsRecord } from './robots-cache.ts';

/** What a lane remembers of its host between invocations: `state/hosts/<lane>.json`. */
interface HostRecord {
  readonly v: 1;
  readonly lane: string;
  readonly robots: Readonly<Record<string, RobotsRecord>>;
  readonly pace?: PaceState;
}

/**
 * A lane's state: robots.txt and pace of its host, and per job the requests it has taken up. One invocation owns a lane at
 * a time (its FIFO group), so reading, changing and writing back plain objects is safe.
 */
export class LaneState {
  readonly #cloud: Cloud;
  readonly lane: string;
  readonly #agentToken: string;
  readonly #seen = new Map<string, SeenSet>();
  readonly #cookies = new Map<string, CookieJar>();
  readonly #pages = new Map<string, Promise<PageMemory>>();
  robots: RobotsCache;
  pace: PaceState | undefined;
  #loaded = false;
  #saved = '';

  /** @param agentToken - what robots.txt calls us. */
  constructor(cloud: Cloud, lane: string, agentToken: string) {
    this.#cloud = cloud;
    this.lane = lane;
    this.#agentToken = agentToken;
    this.robots = new RobotsCache({}, agentToken);
  }

  /** Reads the host's record (once) and the job's seen-set (once, where the job needs one). */
  async load(job: string, needsSeen: boolean): Promise<void> {
    await Promise.all([this.loadHost(), needsSeen ? this.#loadSeen(job) : undefined]);
  }

  /** Reads the host's record, once. */
  async loadHost(): Promise<void> {
    if (this.#loaded) return;
    const record = await this.#cloud.objects.getJson<HostRecord>(keys.host(this.lane));
    this.robots = new RobotsCache(record?.robots ?? {}, this.#agentToken);
    this.pace = record?.pace;
    this.#saved = record ? JSON.stringify(record) : '';
    this.#loaded = true;
  }

  /** The requests taken up by this lane in a job, as committed. */
  seen(job: string): SeenSet {
    const seen = this.#seen.get(job);
    if (!seen) throw new Error(`The seen-set of lane ${this.lane} in job ${job} is used before it is loaded.`);
    return seen;
  }

  /** The lane's cookies in a job. */
  async cookies(job: string): Promise<CookieJar> {
    let jar = this.#cookies.get(job);
    if (!jar) {
      jar = new CookieJar(await this.#cloud.objects.getJson<readonly StoredCookie[]>(keys.cookies(job, this.lane)));
      this.#cookies.set(job, jar);
    }
    return jar;
  }

  /** Writes the cookies that an outcome carries: they are what the lane's later batches go on with. */
  async saveCookies(job: string, cookies: readonly object[]): Promise<void> {
    await this.#cloud.objects.putJson(keys.cookies(job, this.lane), cookies);
  }

  /** What the lane remembers of a scraper's pages, from job to job. */
  pages(scraper: string): Promise<PageMemory> {
    let memory = this.#pages.get(scraper);
    if (!memory) {
      memory = this.#cloud.objects.get(keys.pages(scraper, this.lane)).then((bytes) => PageMemory.decode(bytes));
      this.#pages.set(scraper, memory);
      // A failed read must not be remembered: the next batch asks again.
      memory.catch(() => this.#pages.delete(scraper));
    }
    return memory;
  }

  /** Step 7: takes up what a committed batch found. @throws what S3 answered: the batch then comes back. */
  async rememberPages({ job, id }: Pick<Batch, 'job' | 'id'>, scraper: string): Promise<void> {
    const updates = await this.#cloud.objects.getJson<readonly PageUpdate[]>(keys.pageUpdates(job, id));
    const memory = await this.pages(scraper);
    if (!updates || !memory.apply(id, updates)) return;
    try {
      await this.#cloud.objects.put(keys.pages(scraper, this.lane), await memory.encode(), { contentType: 'application/gzip' });
    } catch (error) {
      // What is not written must be read again, not taken for written.
      this.#pages.delete(scraper);
      throw error;
    }
  }

  /** Step 7: adds committed claims. @throws what S3 answered: the batch then comes back and adds them again. */
  async addSeen(job: string, claims: string): Promise<void> {
    const seen = await this.#loadSeen(job);
    let added = false;
    for (const hash of decodeHashes(Buffer.from(claims, 'base64'))) if (seen.add(hash)) added = true;
    if (added) await this.#cloud.objects.put(keys.seen(job, this.lane), seen.encode(), { contentType: 'application/octet-stream' });
  }

  /** Writes the host's record if it has changed. Losing it costs a robots.txt fetch or an early try, never a result. */
  async saveHost(): Promise<void> {
    if (!this.#loaded) return;
    const record: HostRecord = { v: 1, lane: this.lane, robots: this.robots.toRecords(), ...(this.pace && { pace: this.pace }) };
    const text = JSON.stringify(record);
    const isBlank = Object.keys(record.robots).length === 0 && record.pace === undefined;
    if (text === this.#saved || (isBlank && this.#saved === '')) return;
    await this.#cloud.objects.put(keys.host(this.lane), text, { contentType: 'application/json' });
    this.#saved = text;
  }

  async #loadSeen(job: string): Promise<SeenSet> {
    const known = this.#seen.get(job);
    if (known) return known;
    const bytes = await this.#cloud.objects.get(keys.seen(job, this.lane));
    const seen = bytes ? SeenSet.decode(bytes) : new SeenSet();
    this.#seen.set(job, seen);
    return seen;
  }
}

/** Claims as an outcome carries them. */
export function encodeClaims(claims: readonly bigint[]): string {
  return encodeHashes(claims, claims.length).toString('base64');
}
