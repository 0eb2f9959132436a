import { Agent, buildConnector, Client, Pool, type Dispatcher } from 'undici';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { AddressGuard } from './address-guard.ts';
import type { NameLookup } from './name-lookup.ts';

/** What is known of the connection that a request travels on. */
export interface Connection {
  /** Time that name lookup and connecting (TCP and TLS) took, ms. */
  dnsMs: number;
  connectMs: number;
  /** Requests sent on it, the present one included. */
  uses: number;
  /** The socket broke (a reset, say), whatever the HTTP parser made of it. */
  broken?: Error;
}

/** A dispatch handler that wants to know its connection; set when the request goes to a client. */
export interface ConnectionAware {
  client?: { readonly connection: Connection | undefined } | undefined;
}

export interface ConnectionOptions {
  readonly guard: AddressGuard;
  readonly names: NameLookup;
  readonly maxSockets: number;
  readonly connectTimeoutMs: number;
  readonly maxHeaderBytes: number;
  readonly allowH2: boolean;
  /** Certificate authorities beside the system's, PEM. */
  readonly ca?: string | undefined;
}

/** The host's addresses are not on the public web, nor in an allowed network. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
  readonly code = 'ERR_BLOCKED_ADDRESS';
}

/**
 * The sockets of a fetcher: pooled by origin, guarded by address, bounded in number.
 * `agent` keeps connections alive; `fresh` opens a new one for every request.
 */
export interface Connections {
  readonly agent: Dispatcher;
  readonly fresh: Dispatcher;
  /** Sockets open or being opened. */
  readonly open: () => number;
  /** To be called when a request has ended: where others wait for a socket, one that is idle now is closed for them. */
  relieve(): void;
  close(): Promise<void>;
}

interface OpenSocket {
  readonly socket: Socket;
  readonly client: TracedClient;
}

type ConnectCallback = buildConnector.Callback;

/** An undici client (one connection at a time) that knows its connection. */
class TracedClient extends Client {
  connection: Connection | undefined;

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler & ConnectionAware): boolean {
    handler.client = this;
    return super.dispatch(options, handler);
  }

  get idle(): boolean {
    const { running, pending } = this.stats;
    return running === 0 && pending === 0;
  }
}

export function openConnections(options: ConnectionOptions): Connections {
  const sockets = new Set<OpenSocket>();
  const waiting: (() => void)[] = [];
  let open = 0;
  let closed = false;

  // Two connectors, since a lookup is told the host only, and the guard asks for the port too.
  const connectors = { web: connector([80, 443]), other: connector([0]) };

  function connector(ports: readonly number[]): buildConnector.connector {
    const lookup: LookupFunction = (host, _options, callback) => {
      options.names.resolve(host, (error, addresses) => {
        if (error) return callback(error, []);
        const allowed = addresses.filter(({ address }) => ports.every((port) => options.guard.allows(address, port)));
        if (allowed.length === 0) {
          const seen = addresses.map(({ address }) => address).join(', ');
          return callback(new BlockedAddressError(`${host} is at ${seen}, not on the public web`), []);
        }
        // Node connects to exactly these addresses and asks nobody again: a name that changes its mind (DNS rebinding) gains nothing.
        return callback(null, [...allowed]);
      });
    };
    return buildConnector({
      lookup,
      timeout: options.connectTimeoutMs,
      allowH2: options.allowH2,
      maxCachedSessions: 1_000,
      autoSelectFamily: true,
      ...(options.ca !== undefined && { ca: options.ca }),
    });
  }

  function connect(client: TracedClient, target: buildConnector.Options, callback: ConnectCallback): void {
    const port = Number(target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : target.port);
    if (isIP(target.hostname) !== 0 && !options.guard.allows(target.hostname, port)) {
      callback(new BlockedAddressError(`${target.hostname} port ${port} is not on the public web`), null);
      return;
    }
    const connection: Connection = { dnsMs: 0, connectMs: 0, uses: 0 };
    const begin = (): void => {
      if (closed) return fail(new Error('the fetcher is closed'));
      if (isIP(target.hostname) !== 0) return dial(0);
      const askedAt = performance.now();
      options.names.resolve(target.hostname, (error) => (error ? fail(error) : dial(performance.now() - askedAt)));
    };
    const fail = (error: Error): void => {
      release();
      callback(error, null);
    };
    const dial = (dnsMs: number): void => {
      connection.dnsMs = dnsMs;
      const dialledAt = performance.now();
      const via = port === 80 || port === 443 ? connectors.web : connectors.other;
      via(target, (...[error, socket]) => {
        if (error) return fail(error);
        if (!isAllowedPeer(socket, port)) {
          socket.on('error', ignore).destroy();
          return fail(new BlockedAddressError(`${target.hostname} answered from ${socket.remoteAddress}, not on the public web`));
        }
        connection.connectMs = performance.now() - dialledAt;
        client.connection = connection;
        const entry = { socket, client };
        sockets.add(entry);
        socket
          // Before undici's own listener: it takes a reset for the end of a body without a length.
          .on('error', (broken: Error) => (connection.broken = broken))
          .once('close', () => {
            sockets.delete(entry);
            release();
          });
        return callback(null, socket);
      });
    };
    if (open < options.maxSockets) {
      open++;
      begin();
    } else {
      waiting.push(begin);
      closeIdle();
    }
  }

  /** The address was judged before connecting; what the socket says is judged once more. A proxy's tunnel has no address of its own. */
  function isAllowedPeer(socket: Socket, port: number): boolean {
    return socket.remoteAddress === undefined || options.guard.allows(socket.remoteAddress, port);
  }

  /** A socket's place goes to whoever waits longest. */
  function release(): void {
    const next = waiting.shift();
    if (next) next();
    else open--;
  }

  /** Idle connections make room for as many as wait. */
  function closeIdle(): void {
    let wanted = waiting.length;
    for (const { client, socket } of sockets) {
      if (wanted === 0) return;
      if (!client.idle || socket.destroyed) continue;
      socket.destroy();
      wanted--;
    }
  }

  function dispatcher(pipelining: number): Agent {
    const clientOptions: Client.Options = {
      pipelining,
      allowH2: options.allowH2,
      maxHeaderSize: options.maxHeaderBytes,
      // A socket that Lambda froze between two invocations is dead; a short life keeps that rare.
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 30_000,
    };
    const factory = (url: URL): TracedClient => {
      const client: TracedClient = new TracedClient(url, {
        ...clientOptions,
        connect: (target: buildConnector.Options, callback: ConnectCallback) => connect(client, target, callback),
      });
      return client;
    };
    return new Agent({ factory: (origin) => new Pool(origin, { ...clientOptions, factory }) });
  }

  const agent = dispatcher(1);
  const fresh = dispatcher(0);
  return {
    agent,
    fresh,
    open: () => open,
    relieve() {
      // After undici has noted that its client is free.
      if (waiting.length > 0) setImmediate(closeIdle);
    },
    async close() {
      closed = true;
      for (const begin of waiting.splice(0)) begin();
      options.names.close();
      await Promise.all([agent.destroy(), fresh.destroy()]);
    },
  };
}

function ignore(): void {}
