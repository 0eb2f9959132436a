import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { LookupAddress } from 'node:dns';
import buildConnector from 'undici/lib/core/connect.js';
import type { AddressGuard } from './address-guard.ts';
import type { NameLookup } from './name-lookup.ts';
import type { Proxy } from './proxies.ts';
import { openTunnel, ProxyError } from './tunnel.ts';

export interface DiallerOptions {
  readonly guard: AddressGuard;
  readonly names: NameLookup;
  /** For TCP and TLS together, and for a proxy's tunnel once more. */
  readonly connectTimeoutMs: number;
  readonly allowH2: boolean;
  /** Certificate authorities in place of Node's own list, PEM. */
  readonly ca?: string | undefined;
}

/** A connection that is ready, and the time that it took, ms. */
export interface Dialled {
  readonly socket: Socket;
  readonly dnsMs: number;
  readonly connectMs: number;
}

/** The host's addresses are not on the public web, nor in an allowed network. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
  readonly code = 'ERR_BLOCKED_ADDRESS';
}

/**
 * Opens connections, to allowed addresses only. The address is judged after DNS, and the socket goes to exactly the address that
 * was judged: Node asks nobody again, so a name that changes its mind (DNS rebinding) gains nothing.
 */
export class Dialler {
  readonly #options: DiallerOptions;
  // Two connectors, since a lookup is told the host only, and the guard asks for the port too: 0 stands for all but the web's.
  readonly #web: buildConnector.connector;
  readonly #other: buildConnector.connector;
  readonly #toProxy: buildConnector.connector;

  constructor(options: DiallerOptions) {
    this.#options = options;
    this.#web = this.#connector((host, _options, callback) => this.#judge(host, 80, callback), options.allowH2);
    this.#other = this.#connector((host, _options, callback) => this.#judge(host, 0, callback), options.allowH2);
    // A proxy is the operator's own choice, wherever it stands.
    this.#toProxy = this.#connector(
      (host, _options, callback) => options.names.resolve(host, (error, all) => callback(error, [...all])),
      false,
    );
  }

  /**
   * @param target - as undici gives it to a connector.
   * @param proxy - to go through; absent: straight.
   * @returns with {@link BlockedAddressError}, a `NameError`, a {@link ProxyError} or what Node's net and TLS raise.
   */
  async dial(target: buildConnector.Options, proxy: Proxy | undefined): Promise<Dialled> {
    const port = portOf(target);
    const startedAt = performance.now();
    const addresses = await new Promise<readonly LookupAddress[]>((resolve, reject) => {
      this.#judge(target.hostname, port, (error, allowed) => (error ? reject(error) : resolve(allowed)));
    });
    const dialledAt = performance.now();
    const socket = proxy
      ? await this.#dialThrough(proxy, target, port, addresses)
      : this.#judged(await connectWith(port === 80 || port === 443 ? this.#web : this.#other, target), target, port);
    return { socket, dnsMs: isIP(target.hostname) === 0 ? dialledAt - startedAt : 0, connectMs: performance.now() - dialledAt };
  }

  /** What was judged before connecting is judged once more by what the socket itself says. */
  #judged(socket: Socket, target: buildConnector.Options, port: number): Socket {
    const { remoteAddress } = socket;
    const isAllowed = remoteAddress !== undefined && this.#options.guard.allows(remoteAddress, port);
    const [connecting] = socket.listeners('error');
    socket.on('error', ignoreError);
    // The connector's own listener would keep all that it needed for connecting as long as the connection is there.
    if (connecting && target.protocol === 'http:') socket.off('error', connecting as () => void);
    if (isAllowed) return socket;
    socket.destroy();
    throw new BlockedAddressError(`${target.hostname} answered from ${remoteAddress ?? 'nowhere'}, not on the public web`);
  }

  async #dialThrough(proxy: Proxy, target: buildConnector.Options, port: number, addresses: readonly LookupAddress[]): Promise<Socket> {
    const { protocol, hostname, label } = proxy;
    const isTls = protocol === 'https:';
    let socket: Socket;
    try {
      socket = await connectWith(this.#toProxy, {
        protocol: isTls ? 'https:' : 'http:',
        hostname,
        host: hostname,
        port: String(proxy.port),
      });
    } catch (error) {
      throw new ProxyError(`proxy ${label}: ${(error as Error).message}`, { cause: error });
    }
    if (forwards(proxy, target.protocol)) return socket;
    const host = protocol === 'socks5:' ? (addresses[0]?.address ?? target.hostname) : target.hostname;
    const tunnel = await openTunnel(socket, proxy, host, port, this.#options.connectTimeoutMs);
    return target.protocol === 'https:' ? connectWith(this.#web, { ...target, httpSocket: tunnel }) : tunnel;
  }

  /** Calls back with the allowed addresses of a host, at least one. */
  #judge(host: string, port: number, callback: (error: Error | null, allowed: LookupAddress[]) => void): void {
    const { guard, names } = this.#options;
    const family = isIP(host);
    if (family !== 0) {
      if (guard.allows(host, port)) callback(null, [{ address: host, family }]);
      else callback(new BlockedAddressError(`${host} port ${port} is not on the public web`), []);
      return;
    }
    names.resolve(host, (error, addresses) => {
      const allowed = addresses.filter(({ address }) => guard.allows(address, port));
      const seen = addresses.map(({ address }) => address).join(', ');
      const refusal = allowed.length > 0 ? null : new BlockedAddressError(`${host} is at ${seen}, not on the public web`);
      callback(error ?? refusal, allowed);
    });
  }

  #connector(lookup: LookupFunction, allowH2: boolean): buildConnector.connector {
    const { connectTimeoutMs, ca } = this.#options;
    return buildConnector({
      lookup,
      timeout: connectTimeoutMs,
      allowH2,
      maxCachedSessions: 1_000,
      // TCP's own probes begin after a minute of silence; half of that ends a fetch, and an idle connection.
      keepAlive: false,
      // With it, Node asks the lookup for all addresses and tries them in turn (Happy Eyeballs).
      autoSelectFamily: true,
      ...(ca !== undefined && { ca }),
    });
  }
}

/** Whether requests go to the proxy as they are, with an absolute URL, instead of through a tunnel. */
export function forwards(proxy: Proxy, protocol: string): boolean {
  return protocol === 'http:' && (proxy.protocol === 'http:' || proxy.protocol === 'https:');
}

function connectWith(connector: buildConnector.connector, target: buildConnector.Options): Promise<Socket> {
  return new Promise((resolve, reject) => {
    connector(target, (...[error, socket]) => (error ? reject(error) : resolve(socket)));
  });
}

function portOf({ port, protocol }: buildConnector.Options): number {
  return Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port);
}

/** Listens to errors until somebody else does: what nobody listens to would end the process. */
export function ignoreError(): void {}
