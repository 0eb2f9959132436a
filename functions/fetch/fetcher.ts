import { RequestError } from '../job/errors.ts';
import { AddressGuard } from './address-guard.ts';
import { BodyBudget } from './body-budget.ts';
import { Connections } from './connections.ts';
import { Dialler } from './dialler.ts';
import { FetchRun, type FetchSettings } from './fetch-run.ts';
import { NameLookup } from './name-lookup.ts';
import { ProxyList, type ProxySecret } from './proxy-list.ts';
import { crawlerToken } from './robots.ts';
import type { Fetcher, FetchRequest } from './types.ts';

export interface FetcherOptions {
  /** Sent with every request that sets none of its own. */
  readonly userAgent: string;
  /** CIDR blocks beside the public web, comma separated; `*` = any. See {@link AddressGuard}. */
  readonly allowedNetworks: string;
  /** Sockets open at one time; what needs one more waits. */
  readonly maxSockets: number;
  /** Time for TCP and TLS, ms. */
  readonly connectTimeoutMs?: number;
  /** Time from the request's last byte to the answer's headers, ms. */
  readonly headersTimeoutMs?: number;
  /** Silence within a body, ms. */
  readonly bodyTimeoutMs?: number;
  readonly maxHeaderBytes?: number;
  readonly maxHeaders?: number;
  /** Bytes of unfinished bodies that are held at one time, over all fetches. */
  readonly maxHeldBytes?: number;
  readonly allowH2?: boolean;
  /** Certificate authorities in place of Node's own list, PEM. */
  readonly ca?: string;
  /** Proxies to go through in turn, see {@link ProxyList}; absent or empty: straight. */
  readonly proxies?: string | readonly string[];
  readonly proxySecret?: ProxySecret | undefined;
  /** Name servers in place of the system's, `address[:port]`. */
  readonly nameServers?: readonly string[];
  /** Clock for dates and for what is kept for a time, ms since the epoch. */
  readonly now?: () => number;
}

const DEFAULTS = {
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 30_000,
  bodyTimeoutMs: 30_000,
  /** Node allows 16 KiB; sites with long policies and cookies send more. */
  maxHeaderBytes: 65_536,
  maxHeaders: 256,
  maxHeldBytes: 64_000_000,
  allowH2: true,
  now: Date.now,
} as const;

/**
 * Opens the HTTP side of urldrop: guarded connections, limits, redirects, decoding.
 *
 * @throws {UsageError} code `bad-option` if `allowedNetworks` names no network, or `proxies` no proxy.
 */
export function createFetcher(options: FetcherOptions): Fetcher {
  const settings = { ...DEFAULTS, ...options, agentToken: crawlerToken(options.userAgent) } satisfies FetchSettings;
  const guard = new AddressGuard(options.allowedNetworks);
  const names = new NameLookup({ ...(options.nameServers && { servers: options.nameServers }), now: settings.now });
  const { maxSockets, maxHeaderBytes, allowH2, connectTimeoutMs, ca } = settings;
  const connections = new Connections({
    dialler: new Dialler({ guard, names, connectTimeoutMs, allowH2, ca }),
    maxSockets,
    maxHeaderBytes,
    allowH2,
  });
  const proxies = new ProxyList(settings);
  const budget = new BodyBudget(settings.maxHeldBytes);
  /** Runs a fetch through the proxy whose turn it is, and notes how that went. */
  async function run<T>(request: FetchRequest, go: (fetch: FetchRun) => Promise<T>): Promise<T> {
    const list = proxies.rotation();
    const rotation = list instanceof Promise ? await list : list;
    const proxy = rotation.pick(settings.now());
    const fetch = new FetchRun(request, { settings, connections, route: connections.route(proxy), budget });
    if (!proxy) return go(fetch);
    let failed = false;
    try {
      return await go(fetch);
    } catch (error) {
      failed = error instanceof RequestError && error.code === 'proxy';
      throw error;
    } finally {
      rotation.report(proxy, failed, settings.now());
    }
  }
  return {
    fetch: (request) => run(request, (fetch) => fetch.page()),
    fetchFile: (request, open) => run(request, (fetch) => fetch.file(open)),
    takeProxyCounts: () => proxies.takeCounts(),
    async close() {
      names.close();
      await connections.close();
    },
  };
}
