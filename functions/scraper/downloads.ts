import { keys } from '../job/keys.ts';
import { FILE_PAGE, type Request } from '../job/request.ts';
import { fileName } from './file-name.ts';
import { addressOf, lowerCased, type FollowTarget, type Links } from './links.ts';
import { isHeader, shown } from './scraper-options.ts';

/** What an item holds of a file: where it comes from, and the key of its object in the bucket. */
export interface FileReference {
  readonly url: string;
  readonly key: string;
}

export interface DownloadMore {
  /** A name to read; absent: the last part of the address. Letters, digits, `.`, `-` and `_` of it are kept. */
  readonly name?: string;
  readonly maxBytes?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One address, one element, or the first of a selection. */
export type DownloadTarget = FollowTarget;

export interface DownloadLimits {
  readonly maxFiles: number;
  readonly maxFileBytes: number;
}

/** The downloads that one page asks for: each becomes a request of its own, in the lane of its own host. */
export class Downloads {
  /** By object name: one for each file, however often the page asks for it. */
  readonly #requests = new Map<string, Request>();
  readonly #references = new WeakSet<object>();
  readonly #links: Links;
  readonly #limits: DownloadLimits;
  readonly #job: string;
  readonly #depth: number;

  constructor(page: { links: Links; limits: DownloadLimits; job: string; depth: number }) {
    this.#links = page.links;
    this.#limits = page.limits;
    this.#job = page.job;
    this.#depth = page.depth;
  }

  get requests(): readonly Request[] {
    return [...this.#requests.values()];
  }

  /** Whether a yielded value is nothing but a download's reference. */
  has(value: object): boolean {
    return this.#references.has(value);
  }

  /**
   * @returns undefined where there is no http(s) address, or the page has had its share.
   * @throws {TypeError} for a target that is no address, a bad header or size.
   */
  add(target: DownloadTarget, more: DownloadMore = {}): FileReference | undefined {
    const { maxBytes = this.#limits.maxFileBytes, headers = {} } = more;
    if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
      throw new TypeError(`download() wants maxBytes as a number of bytes, not ${shown(maxBytes)}.`);
    for (const [name, value] of Object.entries(headers)) {
      if (!isHeader(name, value))
        throw new TypeError(`download() got a header that HTTP does not allow: ${JSON.stringify(name)}: ${shown(value)}.`);
    }
    const address = addressOf(target);
    if (address === undefined) return undefined;
    const url = this.#links.absolute(address);
    if (url === undefined) return this.#links.drop('scheme');
    const base: Request = { url, page: FILE_PAGE, ...(Object.keys(headers).length > 0 && { headers: lowerCased(headers) }) };
    const name = fileName(base, more.name);
    if (!this.#requests.has(name)) {
      if (this.#requests.size >= this.#limits.maxFiles) return this.#links.drop('files');
      this.#requests.set(name, { ...base, depth: this.#depth + 1, file: { name, maxBytes } });
    }
    const reference: FileReference = { url, key: keys.files(this.#job, name) };
    this.#references.add(reference);
    return reference;
  }
}
