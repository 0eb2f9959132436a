import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { UsageError } from '../job/errors.ts';

/** Ports of the public web; any other one needs an allowed network. */
const WEB_PORTS = new Set([80, 443]);

/**
 * IPv4 blocks that are not globally reachable (IANA IPv4 Special-Purpose Address Registry), multicast and the reserved class E.
 * AS112 and AMT blocks are globally reachable but serve no web pages; they stay out of this list because refusing them protects nobody.
 */
const NOT_GLOBAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** The only IPv6 block that IANA hands out as global unicast (RFC 4291, section 2.4). */
const GLOBAL_V6 = '2000::/3';

/**
 * Parts of it that are not globally reachable (IANA IPv6 Special-Purpose Address Registry): IETF protocol assignments with Teredo,
 * benchmarking and ORCHID; documentation; 6to4, which would carry any IPv4 address inside.
 */
const NOT_GLOBAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/**
 * What `*` leaves out: addresses that are no machine's own name in a network, and link-local ones, where cloud metadata services
 * and Lambda's own endpoints listen. Whoever means them names them.
 */
const NEVER_BY_STAR = ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4', '::/128', 'fe80::/10', 'fd00:ec2::/32', 'ff00::/8'];

/** RFC 6052, section 2.1: the well-known NAT64 prefix, whose last 32 bits are the IPv4 address that is reached. */
const NAT64 = blockList(['64:ff9b::/96']);

/**
 * Decides which addresses may be connected to: the public web, and the networks that the operator allows.
 * It judges addresses only, at connect time and after DNS, so no spelling of a host and no changing DNS answer gets round it.
 */
export class AddressGuard {
  readonly #notGlobalV4 = blockList(NOT_GLOBAL_V4);
  readonly #globalV6 = blockList([GLOBAL_V6]);
  readonly #notGlobalV6 = blockList(NOT_GLOBAL_V6);
  readonly #neverByStar = blockList(NEVER_BY_STAR);
  readonly #allowed: BlockList;
  readonly #star: boolean;
  /** The last verdict: a connection asks twice, and a thousand to one host follow each other. */
  #last = { address: '', port: 0, isAllowed: false };

  /**
   * @param allowedNetworks - CIDR blocks (or single addresses), comma separated, beside the public web; `*` = all but link-local and such.
   * @throws {UsageError} code `bad-option`, naming the part that is no network.
   */
  constructor(allowedNetworks: string) {
    const parts = allowedNetworks
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
    this.#star = parts.includes('*');
    this.#allowed = blockList(parts.filter((part) => part !== '*'));
  }

  /**
   * @param address - IPv4 or IPv6 address in any spelling that Node's `net` takes.
   * @param port - ports other than 80 and 443 are open in allowed networks only.
   */
  allows(address: string, port: number): boolean {
    if (this.#last.address !== address || this.#last.port !== port) {
      const isAllowed = this.#allowsByOperator(address) || (WEB_PORTS.has(port) && this.#isGlobal(address));
      this.#last = { address, port, isAllowed };
    }
    return this.#last.isAllowed;
  }

  #allowsByOperator(address: string): boolean {
    const plain = unwrap(address);
    if (has(this.#allowed, plain)) return true;
    return this.#star && isIP(plain) !== 0 && !has(this.#neverByStar, plain);
  }

  #isGlobal(address: string): boolean {
    const plain = unwrap(address);
    if (isIPv4(plain)) return !this.#notGlobalV4.check(plain, 'ipv4');
    return isIPv6(plain) && this.#globalV6.check(plain, 'ipv6') && !this.#notGlobalV6.check(plain, 'ipv6');
  }
}

/** The IPv4 address inside an IPv4-mapped or NAT64 one; any other address in the shortest spelling, without a zone. */
function unwrap(address: string): string {
  if (!isIPv6(address)) return address;
  // The URL parser writes an IPv6 address in one way only (WHATWG URL, section 3.5), whatever spelling comes in.
  const [bare = ''] = address.split('%', 1);
  const short = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (mapped) return dotted(mapped[1], mapped[2]);
  if (NAT64.check(short, 'ipv6')) {
    const tail = /([0-9a-f]{1,4})?:([0-9a-f]{1,4})?$/.exec(short);
    return dotted(tail?.[1], tail?.[2]);
  }
  return short;
}

function dotted(high = '0', low = '0'): string {
  const bits = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return bits.flatMap((group) => [group >> 8, group & 0xff]).join('.');
}

function has(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address);
    const prefix = bits === undefined ? (family === 4 ? 32 : 128) : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (family === 0 || prefix < 0 || prefix > (family === 4 ? 32 : 128)) {
      throw new UsageError(
        'bad-option',
        `URLDROP_ALLOWED_NETWORKS: ${JSON.stringify(network)} is no network; write CIDR blocks such as 10.0.0.0/8, comma separated, or *.`,
      );
    }
    list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
