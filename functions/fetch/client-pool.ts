import type { Client, Dispatcher } from 'undici';

/** A client of the pool: one connection at a time. */
export interface PooledClient extends Client {
  /** Its socket is there. */
  readonly isOpen: boolean;
}

/**
 * Clients for HTTP/1.1 by origin, as many as there are requests at a time. undici's own pool looks through all clients of an origin for a
 * free one: with 5,000 connections that took longer than the requests. Here the free ones stand in a list, the last used in front, since
 * its connection is the most certain to be alive.
 */
export class ClientPool {
  readonly #make: (origin: string) => PooledClient;
  readonly #free = new Map<string, PooledClient[]>();
  readonly #all = new Set<PooledClient>();

  /** @param make - gives a client of an origin without a connection. */
  constructor(make: (origin: string) => PooledClient) {
    this.#make = make;
  }

  /** Clients at work or with a connection. */
  get size(): number {
    return this.#all.size;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const origin = String(options.origin);
    const client = this.#free.get(origin)?.pop() ?? this.#open(origin);
    // One that is not busy with it takes the next as well; the others say when they can.
    if (client.dispatch(options, handler)) this.#setFree(origin, client);
  }

  async destroy(): Promise<void> {
    await Promise.all(Array.from(this.#all, (client) => client.destroy()));
  }

  #open(origin: string): PooledClient {
    const client = this.#make(origin);
    this.#all.add(client);
    client.on('drain', () => {
      // Without a connection it is no better than a new one.
      if (client.isOpen) this.#setFree(origin, client);
      else this.#drop(client);
    });
    client.on('disconnect', () => {
      const free = this.#free.get(origin) ?? [];
      const at = free.lastIndexOf(client);
      if (at < 0) return;
      free.splice(at, 1);
      if (free.length === 0) this.#free.delete(origin);
      this.#drop(client);
    });
    return client;
  }

  #setFree(origin: string, client: PooledClient): void {
    const free = this.#free.get(origin);
    if (free) free.push(client);
    else this.#free.set(origin, [client]);
  }

  #drop(client: PooledClient): void {
    this.#all.delete(client);
    // Whoever was on it has been told; this ends its timers.
    void client.destroy();
  }
}
