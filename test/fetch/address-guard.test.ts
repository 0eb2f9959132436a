import { describe, expect, test } from 'vitest';
import { AddressGuard } from '../../functions/fetch/address-guard.ts';
import { UsageError } from '../../functions/job/errors.ts';
import { startNameServer } from './name-server.ts';
import { failureOf, pageOf, requestTo, startSite, testFetcher } from './harness.ts';

const html = () => startSite((_request, response) => response.setHeader('content-type', 'text/html').end('<p>inside</p>'));

describe('the public web', () => {
  const guard = new AddressGuard('');

  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.215.14',
    '172.15.0.1',
    '172.32.0.1',
    '192.0.1.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
  ])('%s is open on the ports of the web, and on no other', (address) => {
    expect(guard.allows(address, 80)).toBe(true);
    expect(guard.allows(address, 443)).toBe(true);
    for (const port of [22, 25, 6379, 8080]) expect(guard.allows(address, port)).toBe(false);
  });

  test.each([
    ['this network', '0.0.0.0', '0.1.2.3'],
    ['private networks', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ['carrier-grade NAT', '100.64.0.1', '100.127.255.255'],
    ['loopback', '127.0.0.1', '127.255.255.255', '::1'],
    ['link-local, where clouds keep their metadata', '169.254.169.254', '169.254.170.2', 'fe80::1', 'fe80::1%eth0'],
    ['IETF protocol assignments', '192.0.0.1', '2001::1', '2001:1ff::1'],
    ['documentation', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
    ['benchmarking', '198.18.0.1', '198.19.255.255', '2001:2::1'],
    ['6to4 relays and addresses', '192.88.99.1', '2002:7f00:1::', '2002:808:808::'],
    ['multicast and reserved', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', 'ff02::1'],
    ['unique local, with the metadata service of EC2', 'fc00::1', 'fd00:ec2::254'],
    ['unspecified', '::'],
    [
      'IPv4 inside IPv6',
      '::ffff:127.0.0.1',
      '::ffff:10.0.0.1',
      '0:0:0:0:0:FFFF:7F00:1',
      '::127.0.0.1',
      '64:ff9b::127.0.0.1',
      '64:ff9b::a00:1',
    ],
    ['NAT64 of a local kind', '64:ff9b:1::808:808'],
    ['outside global unicast', '4000::1', '100::1', '5f00::1'],
    ['no address at all', 'localhost', '', '1.2.3', '999.1.1.1'],
  ])('%s is closed', (_what, ...addresses) => {
    for (const address of addresses) expect([address, guard.allows(address, 80)]).toEqual([address, false]);
  });

  test.each(['::ffff:8.8.8.8', '64:ff9b::8.8.8.8'])('%s is as open as the IPv4 address inside', (address) => {
    expect(guard.allows(address, 443)).toBe(true);
    expect(guard.allows(address, 8080)).toBe(false);
  });
});

describe('allowed networks', () => {
  test('open an address on every port, and nothing beside it', () => {
    const guard = new AddressGuard(' 10.1.0.0/16, 192.168.1.7 ,fd12::/16');
    for (const address of ['10.1.2.3', '192.168.1.7', 'fd12::1', '::ffff:10.1.2.3']) expect(guard.allows(address, 8080)).toBe(true);
    for (const address of ['10.2.0.1', '192.168.1.8', 'fd13::1', '127.0.0.1']) expect(guard.allows(address, 80)).toBe(false);
  });

  test('* opens all but what is no host of a network, and the metadata services', () => {
    const guard = new AddressGuard('*');
    for (const address of ['127.0.0.1', '10.0.0.1', '::1', 'fd12::1', '8.8.8.8']) expect(guard.allows(address, 9000)).toBe(true);
    for (const address of ['169.254.169.254', 'fe80::1', 'fd00:ec2::254', '0.0.0.0', '224.0.0.1', '::ffff:169.254.169.254'])
      expect(guard.allows(address, 80)).toBe(false);
    expect(new AddressGuard('*, 169.254.169.254').allows('169.254.169.254', 80)).toBe(true);
  });

  test.each(['10.0.0.0/33', 'fe80::/129', 'localhost', '10.0.0.0/x', '10.0.0/8'])('%s is refused with what to write instead', (text) => {
    expect(() => new AddressGuard(text)).toThrow(UsageError);
    expect(() => new AddressGuard(text)).toThrow(/is no network; write CIDR blocks/);
  });
});

describe('a fetch', () => {
  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://127.0.0.1./',
    'http://１２７.0.0.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[0:0:0:0:0:ffff:7f00:0001]/',
    'http://[64:ff9b::7f00:1]/',
    'http://localhost/',
    'http://localhost./',
    'http://LOCALHOST/',
    'http://169.254.169.254/latest/meta-data/',
    'https://10.0.0.1/',
  ])('of %s is blocked-address', async (url) => {
    const error = await failureOf(testFetcher({ allowedNetworks: '' }).fetch(requestTo(url)));
    expect(error).toMatchObject({ code: 'blocked-address', next: 'never' });
    expect(error.message).toContain('not on the public web');
  });

  test('of another port of the public web is blocked-address, without a packet sent', async () => {
    const error = await failureOf(testFetcher({ allowedNetworks: '' }).fetch(requestTo('http://8.8.8.8:6379/')));
    expect(error.code).toBe('blocked-address');
  });

  test('of localhost works where the operator allows it', async () => {
    const site = await html();
    const page = await pageOf(testFetcher().fetch(requestTo(`http://localhost:${site.port}/`)));
    expect(page.text()).toBe('<p>inside</p>');
  });

  test('of a public name with a private address is blocked-address', async () => {
    const names = await startNameServer(() => ({ addresses: ['10.0.0.1', '127.0.0.1'], ttl: 60 }));
    const error = await failureOf(
      testFetcher({ allowedNetworks: '', nameServers: [names.address] }).fetch(requestTo('http://inside.example/')),
    );
    expect(error.code).toBe('blocked-address');
    expect(error.message).toContain('inside.example is at 10.0.0.1, 127.0.0.1, not on the public web');
  });

  test('of a name with public and private addresses goes to the allowed ones only', async () => {
    const site = await html();
    const names = await startNameServer(() => ({ addresses: ['127.0.0.2', '127.0.0.1'], ttl: 60 }));
    const fetcher = testFetcher({ allowedNetworks: '127.0.0.1/32', nameServers: [names.address] });
    const page = await pageOf(fetcher.fetch(requestTo(`http://mixed.example:${site.port}/`)));
    expect(page.text()).toBe('<p>inside</p>');
    expect([...site.sockets].map(({ localAddress }) => localAddress)).toEqual(['127.0.0.1']);
  });

  test('of a name that changes its mind (DNS rebinding) never reaches the private address', async () => {
    const site = await html();
    // First the allowed address, then the one that an attacker wants reached: each answer is good for no time at all.
    const names = await startNameServer((_host, question) => ({ addresses: [question === 1 ? '127.0.0.1' : '127.0.0.2'], ttl: 0 }));
    const reached: (string | undefined)[] = [];
    let nowMs = 1_000_000;
    const fetcher = testFetcher({ allowedNetworks: '127.0.0.1/32', nameServers: [names.address], now: () => nowMs });
    const url = `http://rebind.example:${site.port}/`;
    for (let i = 0; i < 3; i++) {
      const answer = await fetcher.fetch(requestTo(url, { headers: { 'x-round': String(i) } })).then(
        () => 'page',
        (error: { code: string }) => error.code,
      );
      reached.push(answer);
      nowMs += 2_000;
      for (const socket of site.sockets) socket.destroy();
      await new Promise((resolve) => void setImmediate(resolve));
    }
    expect(reached[0]).toBe('page');
    expect(reached.slice(1)).toEqual(['blocked-address', 'blocked-address']);
    expect(names.asked.length).toBeGreaterThan(1);
  });
});
