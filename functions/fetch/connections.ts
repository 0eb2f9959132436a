import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { buildConnector, Dispatcher } from 'undici';
import Agent from 'undici/lib/dispatcher/agent.js';
import Client from 'undici/lib/dispatcher/client.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { ClientPool } from './client-pool.ts';
import { forwards, ignoreError, type Dialled, type Dialler } from './dialler.ts';
import { proxyAuthorization, type Proxy } from './proxies.ts';

/** What is known of the connection that a request travels on. */
export interface Connection {
  /** Time that name lookup and connecting (TCP and TLS, a proxy's tunnel included) took, ms. */
  readonly dnsMs: number;
  readonly connectMs: number;
  /** Requests sent on it, the present one included. */
  uses: number;
  /** Answers left before their end: over HTTP/2 the connection goes on without them. */
  left: number;
  /** HTTP/2: the bytes of several answers may lie in one piece of memory. */
  readonly isShared: boolean;
  /** The socket broke (a reset, say), whatever the HTTP parser made of it. */
  broken?: Error;
}

/** A dispatch handler that wants to know its connection; set when the request goes to a client. */
export interface ConnectionAware {
  client?: { readonly connection: Connection | undefined; retire(): void } | undefined;
}

/** What requests are handed to; it has as many connections to an origin as there are requests at a time. */
export interface Sender {
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  destroy(): Promise<void>;
}

/** A way to the servers: straight, or through one proxy. Connections are pooled by origin. */
export interface Route {
  readonly proxy: Proxy | undefined;
  /** Keeps connections alive. */
  readonly agent: Sender;
  /** Opens a new connection for every request. */
  readonly fresh: Sender;
  /** Where requests of that protocol go to the proxy itself: the headers that it wants. */
  readonly forwardHeaders: (protocol: string) => Readonly<Record<string, string>> | undefined;
}

export interface ConnectionOptions {
  readonly dialler: Dialler;
  readonly maxSockets: number;
  readonly maxHeaderBytes: number;
  readonly allowH2: boolean;
}

/** An undici client (one connection at a time) that knows its connection. */
class TracedClient extends Client {
  connection: Connection | undefined;
  isOpen = false;
  readonly #url: URL;

  constructor(url: URL | string, options: Client.Options) {
    super(url, options);
    this.#url = new URL(url);
  }

  /** Takes no more requests; what is under way on it goes on. */
  retire(): void {
    // So undici's pool parts with a client that cannot connect.
    this.emit('connectionError', this.#url, [this], Object.assign(new Error('has served its time'), { code: 'UND_ERR_SOCKET' }));
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler & ConnectionAware): boolean {
    handler.client = this;
    return super.dispatch(options, handler);
  }

  get isIdle(): boolean {
    const { running, pending } = this.stats;
    return running === 0 && pending === 0;
  }
}

/** The sockets of a fetcher, bounded in number over all routes. */
export class Connections {
  readonly #options: ConnectionOptions;
  readonly #sockets = new Map<Socket, TracedClient>();
  readonly #waiting: (() => void)[] = [];
  readonly #routes = new Map<Proxy | undefined, Route>();
  #open = 0;
  #isClosed = false;

  /** One listener for all sockets: with thousands of them, what each has of its own is what counts. */
  readonly #onError: (this: Socket, broken: Error) => void;
  readonly #onClose: (this: Socket) => void;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const sockets = this.#sockets;
    this.#onError = function (broken) {
      const connection = sockets.get(this)?.connection;
      if (connection) connection.broken = broken;
    };
    const closed = (socket: Socket): void => this.#closed(socket);
    this.#onClose = function () {
      closed(this);
    };
  }

  /** Sockets open or being opened. */
  get open(): number {
    return this.#open;
  }

  /** The way through a proxy; straight without one. */
  route(proxy?: Proxy): Route {
    let route = this.#routes.get(proxy);
    if (!route) this.#routes.set(proxy, (route = this.#makeRoute(proxy)));
    return route;
  }

  /** To be called when a request has ended: where others wait for a socket, one that is idle now is closed for them. */
  relieve(): void {
    // After undici has noted that its client is free.
    if (this.#waiting.length > 0) setImmediate(() => this.#closeIdle());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const begin of this.#waiting.splice(0)) begin();
    await Promise.all([...this.#routes.values()].flatMap(({ agent, fresh }) => [agent.destroy(), fresh.destroy()]));
  }

  #makeRoute(proxy: Proxy | undefined): Route {
    const authorization = proxy && proxyAuthorization(proxy);
    const headers = authorization === undefined ? {} : { 'proxy-authorization': authorization };
    return {
      proxy,
      agent: this.#sender(proxy, 1),
      fresh: this.#sender(proxy, 0),
      forwardHeaders: (protocol) => (proxy && forwards(proxy, protocol) ? headers : undefined),
    };
  }

  #sender(proxy: Proxy | undefined, pipelining: number): Sender {
    const clientOptions: Client.Options = {
      pipelining,
      allowH2: this.#options.allowH2,
      maxHeaderSize: this.#options.maxHeaderBytes,
      // A socket that Lambda froze between two invocations is dead; a short life keeps that rare.
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 30_000,
    };
    const factory = (url: URL | string): TracedClient => {
      const client: TracedClient = new TracedClient(url, {
        ...clientOptions,
        connect: (target: buildConnector.Options, callback: buildConnector.Callback) => {
          void this.#connect(client, target, proxy, callback);
        },
      });
      return client;
    };
    const plain = new ClientPool(factory);
    // Over TLS a host may speak HTTP/2: undici's pool waits for its word before it opens further connections.
    const secure = new Agent({ factory: (origin) => new Pool(origin, { ...clientOptions, factory }) });
    return {
      dispatch: (request, handler) => {
        if (String(request.origin).startsWith('http:')) plain.dispatch(request, handler);
        else secure.dispatch(request, handler);
      },
      destroy: async () => {
        await Promise.all([plain.destroy(), secure.destroy()]);
      },
    };
  }

  /** Gives a client a socket, when there is a place for it. */
  async #connect(
    client: TracedClient,
    target: buildConnector.Options,
    proxy: Proxy | undefined,
    callback: buildConnector.Callback,
  ): Promise<void> {
    if (this.#open < this.#options.maxSockets) this.#open++;
    else {
      const place = new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.#closeIdle();
      await place;
    }
    let dialled: Dialled;
    try {
      if (this.#isClosed) throw new Error('the fetcher is closed');
      dialled = await this.#options.dialler.dial(target, proxy);
      // undici takes a socket that is dead on arrival for one that may come back, and asks for another at once, and another.
      if (dialled.socket.destroyed) throw Object.assign(new Error('the connection broke at once'), { code: 'ECONNRESET' });
      this.#adopt(client, dialled);
    } catch (error) {
      this.#release();
      callback(error as Error, null);
      return;
    }
    callback(null, dialled.socket);
  }

  #adopt(client: TracedClient, { socket, dnsMs, connectMs }: Dialled): void {
    const isShared = (socket as Partial<TLSSocket>).alpnProtocol === 'h2';
    client.connection = { dnsMs, connectMs, uses: 0, left: 0, isShared };
    client.isOpen = true;
    this.#sockets.set(socket, client);
    // Before undici's own listener: it takes a reset for the end of a body without a length.
    socket.on('error', this.#onError).off('error', ignoreError).on('close', this.#onClose);
  }

  #closed(socket: Socket): void {
    const client = this.#sockets.get(socket);
    if (client) client.isOpen = false;
    this.#sockets.delete(socket);
    this.#release();
  }

  /** A socket's place goes to whoever waits longest. */
  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#open--;
  }

  /** Idle connections make room for as many as wait. */
  #closeIdle(): void {
    let wanted = this.#waiting.length;
    for (const [socket, client] of this.#sockets) {
      if (wanted === 0) return;
      if (!client.isIdle || socket.destroyed) continue;
      socket.destroy();
      wanted--;
    }
  }
}
