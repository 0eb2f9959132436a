import { lookup as getaddrinfo, Resolver, type LookupAddress, type RecordWithTtl } from 'node:dns';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Addresses are kept for their TTL within these bounds: a TTL of 0 must not mean a query per connection, nor a long one a stale host. */
const MIN_TTL_MS = 1_000;
const MAX_TTL_MS = 300_000;
/** How long a failed lookup is kept (RFC 2308 allows up to the zone's minimum; a short time suffices to spare a burst). */
const FAILED_TTL_MS = 5_000;
/** The system's own resolver has no TTL to give, and occupies a thread of Node's pool of four. */
const SYSTEM_TTL_MS = 30_000;
const MAX_SYSTEM_LOOKUPS = 2;
const MAX_ENTRIES = 10_000;

/** Failures after which the system is not asked too: its own resolver would wait for the same servers, with a thread held. */
const FINAL_CODES = new Set(['ECANCELLED', 'ETIMEOUT', 'ESERVFAIL', 'EREFUSED', 'EBADNAME']);

interface Entry {
  readonly addresses: readonly LookupAddress[];
  readonly error?: NameError;
  readonly expiresAt: number;
}

type Callback = (error: NameError | null, addresses: readonly LookupAddress[]) => void;

/** A host name that gave no address; `reason` is the resolver's own code (`ENOTFOUND`, `ETIMEOUT`, …). */
export class NameError extends Error {
  override readonly name = 'NameError';
  readonly code = 'ERR_NAME';
  readonly reason: string;

  constructor(host: string, reason: string, cause?: unknown) {
    super(`${host} has no address (${reason})`, { cause });
    this.reason = reason;
  }
}

/**
 * Resolves host names through c-ares, which needs no thread (`dns.lookup` would queue all hosts behind Node's four), and keeps
 * answers for their TTL. Names that only the machine itself knows (`localhost`, /etc/hosts, a search domain) go to the system.
 */
export class NameLookup {
  readonly #resolver: Resolver;
  readonly #families: readonly (4 | 6)[];
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new Map<string, Callback[]>();
  readonly #systemQueue: (() => void)[] = [];
  readonly #now: () => number;
  #systemLookups = 0;

  /**
   * @param options.servers - name servers (`address` or `address:port`) instead of the system's.
   * @param options.ipv6 - whether to ask for AAAA records; absent: where this machine has a global IPv6 address.
   * @param options.now - clock for what is kept, ms.
   */
  constructor(options: { servers?: readonly string[]; ipv6?: boolean; now?: () => number } = {}) {
    this.#now = options.now ?? Date.now;
    this.#resolver = new Resolver({ timeout: 2_500, tries: 2 });
    if (options.servers) this.#resolver.setServers(options.servers);
    this.#families = (options.ipv6 ?? hasGlobalIpv6()) ? [4, 6] : [4];
  }

  /** Calls back with at least one address, at once if they are in the cache, or with a {@link NameError}. */
  resolve(host: string, callback: Callback): void {
    const entry = this.#fresh(host);
    if (entry) {
      callback(entry.error ?? null, entry.addresses);
      return;
    }
    const waiting = this.#waiting.get(host);
    if (waiting) {
      waiting.push(callback);
      return;
    }
    this.#waiting.set(host, [callback]);
    if (isSystemName(host)) this.#askSystem(host);
    else this.#askServers(host);
  }

  /** Gives up on all lookups under way. */
  close(): void {
    this.#resolver.cancel();
  }

  #fresh(host: string): Entry | undefined {
    const entry = this.#entries.get(host);
    if (entry && entry.expiresAt > this.#now()) return entry;
    if (entry) this.#entries.delete(host);
    return undefined;
  }

  #askServers(host: string): void {
    const addresses: LookupAddress[] = [];
    let ttlSeconds = Infinity;
    let failure: NodeJS.ErrnoException | undefined;
    let left = this.#families.length;
    const answered = (family: 4 | 6) => (error: NodeJS.ErrnoException | null, records: RecordWithTtl[]) => {
      // IPv4 first: where IPv6 is broken, the first attempt must not be the one that hangs.
      if (error) failure = failure && isMissing(error) ? failure : error;
      else if (family === 4) addresses.unshift(...records.map(({ address }) => ({ address, family })));
      else addresses.push(...records.map(({ address }) => ({ address, family })));
      if (!error) ttlSeconds = Math.min(ttlSeconds, ...records.map(({ ttl }) => ttl));
      if (--left > 0) return;
      if (addresses.length > 0) {
        this.#settle(host, { addresses, expiresAt: this.#now() + Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, ttlSeconds * 1_000)) });
      } else if (failure && FINAL_CODES.has(failure.code ?? '')) {
        const refusal = new NameError(host, failure.code ?? '', failure);
        this.#settle(host, { addresses, error: refusal, expiresAt: failure.code === 'ECANCELLED' ? 0 : this.#now() + FAILED_TTL_MS });
      } else {
        // Name servers do not know /etc/hosts, mDNS or a VPN's own resolver; the system may.
        this.#askSystem(host, failure);
      }
    };
    if (this.#families.includes(6)) this.#resolver.resolve6(host, { ttl: true }, answered(6));
    this.#resolver.resolve4(host, { ttl: true }, answered(4));
  }

  #askSystem(host: string, earlier?: NodeJS.ErrnoException): void {
    if (this.#systemLookups >= MAX_SYSTEM_LOOKUPS) {
      this.#systemQueue.push(() => this.#askSystem(host, earlier));
      return;
    }
    this.#systemLookups++;
    // Of names that are the machine's own, the C library knows only the form without the root's dot.
    getaddrinfo(isSystemName(host) ? bare(host) : host, { all: true, order: 'ipv4first' }, (error, addresses) => {
      this.#systemLookups--;
      this.#systemQueue.shift()?.();
      if (error || addresses.length === 0) {
        const cause = earlier && !isMissing(earlier) ? earlier : (error ?? earlier);
        this.#settle(host, {
          addresses: [],
          error: new NameError(host, cause?.code ?? 'ENOTFOUND', cause),
          expiresAt: this.#now() + FAILED_TTL_MS,
        });
      } else {
        this.#settle(host, { addresses, expiresAt: this.#now() + SYSTEM_TTL_MS });
      }
    });
  }

  #settle(host: string, entry: Entry): void {
    // A Map keeps the order of insertion: the first key is the oldest.
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.delete(this.#entries.keys().next().value ?? '');
    this.#entries.set(host, entry);
    const waiting = this.#waiting.get(host) ?? [];
    this.#waiting.delete(host);
    for (const callback of waiting) callback(entry.error ?? null, entry.addresses);
  }
}

/** Names that no public name server can answer for (RFC 6761, section 6.3; single labels). */
function isSystemName(host: string): boolean {
  const name = bare(host);
  return !name.includes('.') || name.endsWith('.localhost') || name.endsWith('.local');
}

function bare(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

function isMissing(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ENOTFOUND' || error.code === 'ENODATA';
}

function hasGlobalIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address, family, internal }) => family === 'IPv6' && !internal && isIP(address) === 6 && /^[23]/.test(address)),
  );
}
