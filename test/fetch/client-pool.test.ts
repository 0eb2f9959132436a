import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { Client } from 'undici';
import { afterEach, expect, test } from 'vitest';
import { ClientPool } from '../../functions/fetch/client-pool.ts';
import { onAbort } from '../../functions/fetch/on-abort.ts';

class OpenClient extends Client {
  isOpen = false;

  constructor(origin: URL) {
    super(origin);
    this.on('connect', () => (this.isOpen = true));
    this.on('disconnect', () => (this.isOpen = false));
  }
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function open(answer: RequestListener): Promise<{ pool: ClientPool; get: () => Promise<number>; connections: () => number }> {
  let connections = 0;
  const server = createServer(answer)
    .on('connection', () => connections++)
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pool = new ClientPool((url) => new OpenClient(url));
  closers.push(async () => {
    await pool.destroy();
    server.close();
  });
  const get = (): Promise<number> =>
    new Promise((resolve, reject) => {
      let status = 0;
      pool.dispatch(
        { origin, path: '/', method: 'GET' },
        {
          onRequestStart() {},
          onResponseStart(_controller, code) {
            status = code;
          },
          onResponseData() {},
          // The client is free a turn later.
          onResponseEnd: () => void turn().then(() => turn().then(() => resolve(status))),
          onResponseError: (_controller, error) => reject(error),
        },
      );
    });
  return { pool, get, connections: () => connections };
}

test('a pool of clients opens a connection for each request at a time, and uses those that are free', async () => {
  const { pool, get, connections } = await open((_, response) => response.end('x'));
  expect(await Promise.all([get(), get(), get()])).toEqual([200, 200, 200]);
  expect(connections()).toBe(3);
  for (let i = 0; i < 5; i++) await get();
  expect(connections()).toBe(3);
  expect(pool.size).toBe(3);
});

test('a pool of clients keeps none whose connection is gone', async () => {
  const { pool, get } = await open((_, response) => response.setHeader('connection', 'close').end('x'));
  await Promise.all([get(), get(), get()]);
  for (let i = 0; i < 1_000 && pool.size > 0; i++) await turn();
  expect(pool.size).toBe(0);
});

test('a pool of clients keeps none that could not connect, and tells the request', async () => {
  const { pool, get } = await open((_, response) => response.destroy());
  await expect(Promise.all([get(), get()])).rejects.toThrow(/other side closed/);
  for (let i = 0; i < 1_000 && pool.size > 0; i++) await turn();
  expect(pool.size).toBe(0);
});

test('a signal calls back all that wait for it, except those taken back', () => {
  const controller = new AbortController();
  const called: string[] = [];
  onAbort(controller.signal, () => called.push('a'));
  onAbort(controller.signal, () => called.push('b'))();
  onAbort(controller.signal, () => called.push('c'));
  controller.abort();
  expect(called).toEqual(['a', 'c']);
});
