import { RequestError } from '../job/errors.ts';
import { AddressGuard } from './address-guard.ts';
import { BodyBudget } from './body-budget.ts';
import { Connections, type Route } from './connections.ts';
import { Dialler } from './dialler.ts';
import { FetchRun, type FetchSettings, type FetchTools } from './fetch-run.ts';
import { NameLookup } from './name-lookup.ts';
import type { Proxy, ProxyRotation } from './proxies.ts';
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
  /** One for all fetches of a route. */
  const tools = new Map<Route, FetchTools>();
  const toolsFor = (route: Route): FetchTools => {
    let known = tools.get(route);
    if (!known) tools.set(route, (known = { settings, connections, route, budget }));
    return known;
  };
  /** Runs a fetch through the proxy whose turn it is. */
  function run<T>(request: FetchRequest, go: (fetch: FetchRun) => Promise<T>): Promise<T> {
    const rotation = proxies.rotation();
    if (rotation instanceof Promise) return rotation.then((list) => runWith(list, request, go));
    return runWith(rotation, request, go);
  }
  // Without a proxy no promise of its own: thousands of fetches wait at a time.
  function runWith<T>(rotation: ProxyRotation, request: FetchRequest, go: (fetch: FetchRun) => Promise<T>): Promise<T> {
    const proxy = rotation.pick(settings.now());
    const fetch = new FetchRun(request, toolsFor(connections.route(proxy)));
    return proxy ? runThrough(proxy, rotation, () => go(fetch)) : go(fetch);
  }
  /** Notes how a fetch through a proxy went. */
  async function runThrough<T>(proxy: Proxy, rotation: ProxyRotation, go: () => Promise<T>): Promise<T> {
    let failed = false;
    try {
      return await go();
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
