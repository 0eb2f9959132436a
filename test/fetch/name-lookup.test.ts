import { expect, test } from 'vitest';
import { NameLookup, type NameError } from '../../functions/fetch/name-lookup.ts';
import { failureOf, requestTo, testFetcher } from './harness.ts';
import { startNameServer } from './name-server.ts';

function resolve(names: NameLookup, host: string): Promise<readonly string[]> {
  return new Promise((done, fail) => {
    names.resolve(host, (error, addresses) => (error ? fail(error) : done(addresses.map(({ address }) => address))));
  });
}

function setUp(server: { readonly address: string }): { readonly names: NameLookup; readonly clock: { nowMs: number } } {
  const clock = { nowMs: 1_000_000 };
  return { names: new NameLookup({ servers: [server.address], ipv6: false, now: () => clock.nowMs }), clock };
}

test('a name is asked for once within its TTL, and again after it', async () => {
  const server = await startNameServer(() => ({ addresses: ['192.0.2.1'], ttl: 60 }));
  const { names, clock } = setUp(server);
  expect(await resolve(names, 'a.example')).toEqual(['192.0.2.1']);
  clock.nowMs += 59_999;
  await resolve(names, 'a.example');
  expect(server.asked).toEqual(['A a.example']);
  clock.nowMs += 2;
  await resolve(names, 'a.example');
  expect(server.asked).toHaveLength(2);
});

test('a TTL of nothing still spares the second of two connections at once; a long one is cut to five minutes', async () => {
  const server = await startNameServer((host) => ({ addresses: ['192.0.2.1'], ttl: host.startsWith('short') ? 0 : 86_400 }));
  const { names, clock } = setUp(server);
  await resolve(names, 'short.example');
  await resolve(names, 'short.example');
  await resolve(names, 'long.example');
  expect(server.asked).toHaveLength(2);
  clock.nowMs += 300_001;
  await resolve(names, 'long.example');
  expect(server.asked).toHaveLength(3);
});

test('a hundred connections to one host at once ask one question', async () => {
  const server = await startNameServer(() => ({ addresses: ['192.0.2.1'], ttl: 60 }));
  const { names } = setUp(server);
  await Promise.all(Array.from({ length: 100 }, () => resolve(names, 'a.example')));
  expect(server.asked).toEqual(['A a.example']);
});

test('a name that is not there is remembered for a short while', async () => {
  const server = await startNameServer(() => undefined);
  const { names, clock } = setUp(server);
  await expect(resolve(names, 'none.example')).rejects.toMatchObject({
    name: 'NameError',
    reason: 'ENOTFOUND',
  } satisfies Partial<NameError>);
  await expect(resolve(names, 'none.example')).rejects.toThrow('none.example has no address');
  expect(server.asked).toHaveLength(1);
  clock.nowMs += 5_001;
  await expect(resolve(names, 'none.example')).rejects.toThrow('ENOTFOUND');
  expect(server.asked).toHaveLength(2);
});

test('a name whose servers fail is not asked of the system too', async () => {
  const server = await startNameServer(() => 'failure');
  const { names } = setUp(server);
  await expect(resolve(names, 'localhost.example')).rejects.toMatchObject({ reason: 'ESERVFAIL' });
});

test('with IPv6, both families are asked for, and one suffices', async () => {
  const server = await startNameServer(() => ({ addresses: ['192.0.2.1'], ttl: 60 }));
  const names = new NameLookup({ servers: [server.address], ipv6: true });
  expect(await resolve(names, 'a.example')).toEqual(['192.0.2.1']);
  expect(server.asked.toSorted()).toEqual(['A a.example', 'AAAA a.example']);
});

test("localhost is the machine's own business: no name server hears of it", async () => {
  const server = await startNameServer(() => ({ addresses: ['192.0.2.1'], ttl: 60 }));
  const { names } = setUp(server);
  expect(await resolve(names, 'localhost')).toContain('127.0.0.1');
  expect(await resolve(names, 'localhost.')).toContain('127.0.0.1');
  expect(server.asked).toEqual([]);
});

test('many silent names do not hold up another one', async () => {
  const server = await startNameServer((host) => (host.startsWith('dead') ? 'silence' : { addresses: ['192.0.2.1'], ttl: 60 }));
  const { names } = setUp(server);
  const dead = Array.from({ length: 50 }, (_, i) => resolve(names, `dead${i}.example`).catch((error: NameError) => error.reason));
  expect(await resolve(names, 'alive.example')).toEqual(['192.0.2.1']);
  names.close();
  expect(new Set(await Promise.all(dead))).toEqual(new Set(['ECANCELLED']));
});

test('a fetch of a name without an address is dns, and may be tried again', async () => {
  const server = await startNameServer(() => undefined);
  const error = await failureOf(testFetcher({ nameServers: [server.address] }).fetch(requestTo('http://none.example/')));
  expect(error).toMatchObject({ code: 'dns', next: 'again' });
  expect(error.message).toContain('none.example has no address (ENOTFOUND)');
});
