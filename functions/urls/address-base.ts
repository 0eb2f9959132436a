import { isPlainPath, normalise } from './normal-form.ts';

/** Origins known to stand in normal form or not, `https://host/`; a page links to few, a crawl to many. */
const plainOrigins = new Map<string, boolean>();
const MAX_ORIGINS = 2_000;

/**
 * What the addresses on a page resolve against. Most addresses are paths that the parser would leave as they are: those are put
 * together here, at a twentieth of its price; it decides on all others.
 */
export class AddressBase {
  readonly #url: string;
  /** Without its fragment; undefined where the base is not plain and the parser does all. */
  #href: string | undefined;
  /** `https://host`. */
  #origin = '';
  /** The path up to its last slash, that included. */
  #folder = '';

  /** @param url - absolute. */
  constructor(url: string) {
    this.#url = url;
    const slash = url.startsWith('http') ? url.indexOf('/', 8) + 1 : 0;
    if (slash > 0 && isPlainPath(url, slash, url.length) && isPlainOrigin(url.slice(0, slash)) && url.lastIndexOf('@', slash) < 0) {
      const query = url.indexOf('?', slash);
      this.#href = url;
      this.#origin = url.slice(0, slash - 1);
      this.#folder = url.slice(slash - 1, url.lastIndexOf('/', query < 0 ? url.length : query) + 1);
      return;
    }
    const base = URL.parse(url);
    if (!base || !/^https?:$/.test(base.protocol) || base.username !== '' || base.password !== '') return;
    base.hash = '';
    this.#href = base.href;
    this.#origin = base.origin;
    this.#folder = base.pathname.slice(0, base.pathname.lastIndexOf('/') + 1);
  }

  /** The absolute http(s) URL of an address in normal form; undefined for anything else. */
  absolute(address: string): string | undefined {
    const plain = this.#href === undefined ? undefined : this.#plain(address, this.#href);
    if (plain !== undefined) return plain;
    const url = URL.parse(address.trim(), this.#url);
    return url ? normalise(url.href) : undefined;
  }

  /** What needs no parser; undefined says nothing. */
  #plain(address: string, href: string): string | undefined {
    const mark = address.indexOf('#');
    if (mark === 0) return href;
    const end = mark < 0 ? address.length : mark;
    if (address.startsWith('http')) {
      const slash = address.indexOf('/', 8) + 1;
      if (slash === 0 || slash > end || !isPlainOrigin(address.slice(0, slash))) return undefined;
      return isPlainPath(address, slash, end) ? address.slice(0, end) : undefined;
    }
    if (address.startsWith('/'))
      return isPlainPath(address, 1, end) && address[1] !== '/' ? this.#origin + address.slice(0, end) : undefined;
    let at = 0;
    let folder = this.#folder;
    for (;;) {
      if (address.startsWith('../', at)) {
        folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1);
        at += 3;
      } else if (address.startsWith('./', at)) at += 2;
      else break;
    }
    // Nothing at all is the page, a query goes behind its name, and a colon may end a scheme.
    if (at >= end || address[at] === '?' || (at === 0 && address.indexOf(':') >= 0) || !isPlainPath(address, at, end)) return undefined;
    return this.#origin + folder + address.slice(at, end);
  }
}

function isPlainOrigin(prefix: string): boolean {
  let known = plainOrigins.get(prefix);
  if (known === undefined) {
    known = normalise(prefix) === prefix;
    if (plainOrigins.size < MAX_ORIGINS && prefix.length < 256) plainOrigins.set(prefix, known);
  }
  return known;
}
