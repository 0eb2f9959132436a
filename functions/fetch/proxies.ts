import { UsageError } from '../job/errors.ts';
import type { ProxyCount } from '../job/outcome.ts';

/** A proxy that the operator named. Its credentials stay in here: only `label` goes into messages. */
export interface Proxy {
  /**
   * `http:` and `https:` proxies forward http requests and tunnel https ones (CONNECT); they look names up themselves.
   * `socks5:` is given the address that was looked up and judged here, `socks5h:` the name.
   */
  readonly protocol: 'http:' | 'https:' | 'socks5:' | 'socks5h:';
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** `host:port` */
  readonly label: string;
}

const DEFAULT_PORTS = { 'http:': 80, 'https:': 443, 'socks5:': 1080, 'socks5h:': 1080 } as const;

/**
 * Reads the operator's list of proxies.
 *
 * @param list - `http://user:password@host:port`, `https://…`, `socks5://…` or `socks5h://…`; as one text, separated by commas or space.
 * @throws {UsageError} code `bad-option`, naming the places in the list that are no proxy, and nothing of what stands there.
 */
export function parseProxies(list: string | readonly string[]): readonly Proxy[] {
  const faults: number[] = [];
  const texts = typeof list === 'string' ? list.split(/[\s,]+/).filter((text) => text !== '') : list;
  const proxies = texts.flatMap((text, i) => {
    const proxy = parseProxy(text.trim());
    if (!proxy) faults.push(i + 1);
    return proxy ?? [];
  });
  if (faults.length > 0) {
    throw new UsageError(
      'bad-option',
      `Proxy ${faults.join(', ')} of the list is none; write http://user:password@host:port, or https://, socks5://, socks5h://.`,
    );
  }
  return proxies;
}

function parseProxy(text: string): Proxy | undefined {
  const url = URL.parse(text);
  if (!url || !Object.hasOwn(DEFAULT_PORTS, url.protocol) || url.hostname === '') return undefined;
  const protocol = url.protocol as Proxy['protocol'];
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? DEFAULT_PORTS[protocol] : Number(url.port);
  try {
    const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    return { protocol, hostname, port, username, password, label: `${url.hostname}:${port}` };
  } catch {
    // A percent sign that escapes nothing: better refused than sent wrong.
    return undefined;
  }
}

/** Value of Proxy-Authorization (RFC 9110, section 11.7.1); `undefined` for a proxy without credentials. */
export function proxyAuthorization({ username, password }: Proxy): string | undefined {
  return username === '' && password === '' ? undefined : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Failures in a row after which a proxy rests. */
const FAILURES_TO_REST = 3;
const REST_MS = 30_000;
const MAX_REST_MS = 600_000;

interface Entry {
  readonly proxy: Proxy;
  /** In a row. */
  streak: number;
  /** ms since the epoch; 0 = not resting. */
  restingUntil: number;
}

/** Hands out proxies in turn, leaves those that fail alone for growing pauses, and counts how each fares. */
export class ProxyRotation {
  #entries: readonly Entry[];
  #next = 0;
  /** By label, since they were last taken. */
  readonly #counts = new Map<string, { fetches: number; failures: number }>();

  constructor(proxies: readonly Proxy[]) {
    this.#entries = proxies.map(entryOf);
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Goes on with these proxies; one that has not changed stays what it is. */
  replace(proxies: readonly Proxy[]): void {
    const known = new Map(this.#entries.map((entry) => [JSON.stringify(entry.proxy), entry]));
    this.#entries = proxies.map((proxy) => known.get(JSON.stringify(proxy)) ?? entryOf(proxy));
  }

  /** The next proxy that does not rest; while all do, the one that rests the shortest. `undefined` where there are none. */
  pick(nowMs: number): Proxy | undefined {
    const { length } = this.#entries;
    let soonest: Entry | undefined;
    for (let i = 0; i < length; i++) {
      const entry = this.#entries[(this.#next + i) % length];
      if (!entry) continue;
      if (entry.restingUntil <= nowMs) {
        this.#next = (this.#next + i + 1) % length;
        return entry.proxy;
      }
      if (!soonest || entry.restingUntil < soonest.restingUntil) soonest = entry;
    }
    return soonest?.proxy;
  }

  /** @param failed - the proxy itself failed, not the site behind it. */
  report(proxy: Proxy, failed: boolean, nowMs: number): void {
    const count = this.#counts.get(proxy.label) ?? { fetches: 0, failures: 0 };
    this.#counts.set(proxy.label, count);
    count.fetches++;
    if (failed) count.failures++;
    const entry = this.#entries.find((candidate) => candidate.proxy === proxy);
    if (!entry) return;
    if (!failed) {
      entry.streak = 0;
      entry.restingUntil = 0;
      return;
    }
    entry.streak++;
    if (entry.streak < FAILURES_TO_REST) return;
    entry.restingUntil = nowMs + Math.min(MAX_REST_MS, REST_MS * 2 ** Math.min(20, entry.streak - FAILURES_TO_REST));
  }

  /** How the proxies fared since this was last called, by `host:port`. */
  takeCounts(): Readonly<Record<string, ProxyCount>> {
    const counts = Object.fromEntries(this.#counts);
    this.#counts.clear();
    return counts;
  }
}

function entryOf(proxy: Proxy): Entry {
  return { proxy, streak: 0, restingUntil: 0 };
}
