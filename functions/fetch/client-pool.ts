import type { EventEmitter } from 'node:events';
import type { Client, Dispatcher } from 'undici';

/** A client of the pool: one connection at a time. */
export interface PooledClient extends Client {
  /** Its socket is there. */
  readonly isOpen: boolean;
}

/** What is kept of an origin while it has clients. */
interface Origin {
  readonly name: string;
  /** One for all its clients. */
  readonly url: URL;
  /** The last used at the end. */
  readonly free: PooledClient[];
  clients: number;
}

/**
 * Clients for HTTP/1.1 by origin, as many as there are requests at a time. undici's own pool looks through all clients of an origin for a
 * free one: with 5,000 connections that took longer than the requests. Here the free ones stand in a list, the last used in front, since
 * its connection is the most certain to be alive.
 */
export class ClientPool {
  readonly #make: (origin: URL) => PooledClient;
  readonly #origins = new Map<string, Origin>();
  readonly #all = new Map<PooledClient, Origin>();

  /** @param make - gives a client of an origin without a connection. */
  constructor(make: (origin: URL) => PooledClient) {
    this.#make = make;
  }

  /** Clients at work or with a connection. */
  get size(): number {
    return this.#all.size;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const name = String(options.origin);
    let origin = this.#origins.get(name);
    if (!origin) this.#origins.set(name, (origin = { name, url: new URL(name), free: [], clients: 0 }));
    const client = origin.free.pop() ?? this.#open(origin);
    // One that is not busy with it takes the next as well; the others say when they can.
    if (client.dispatch(options, handler)) origin.free.push(client);
  }

  async destroy(): Promise<void> {
    await Promise.all(Array.from(this.#all.keys(), (client) => client.destroy()));
  }

  #open(origin: Origin): PooledClient {
    const client = this.#make(origin.url);
    this.#all.set(client, origin);
    origin.clients++;
    // undici's types leave out what else it tells with `drain`.
    (client as EventEmitter).on('drain', this.#drained).on('disconnect', this.#disconnected);
    return client;
  }

  // One function for all clients, which undici names in the event: with thousands of them, what each has of its own is what counts.
  readonly #drained = (_url: URL, [client]: readonly Dispatcher[]): void => {
    const origin = this.#all.get(client as PooledClient);
    if (!origin) return;
    // Without a connection it is no better than a new one.
    if ((client as PooledClient).isOpen) origin.free.push(client as PooledClient);
    else this.#drop(client as PooledClient, origin);
  };

  readonly #disconnected = (_url: URL, [client]: readonly Dispatcher[]): void => {
    const origin = this.#all.get(client as PooledClient);
    const at = origin?.free.lastIndexOf(client as PooledClient) ?? -1;
    if (!origin || at < 0) return;
    origin.free.splice(at, 1);
    this.#drop(client as PooledClient, origin);
  };

  #drop(client: PooledClient, origin: Origin): void {
    this.#all.delete(client);
    if (--origin.clients === 0) this.#origins.delete(origin.name);
    // Whoever was on it has been told; this ends its timers.
    void client.destroy();
  }
}
