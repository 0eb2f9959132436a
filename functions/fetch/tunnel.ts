import { isIPv4, isIPv6, type Socket } from 'node:net';
import connect from 'undici/lib/api/api-connect.js';
import Client from 'undici/lib/dispatcher/client.js';
import { proxyAuthorization, type Proxy } from './proxies.ts';

/** The proxy could not be reached, or would not do what was asked. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code = 'ERR_PROXY';
}

/**
 * Asks a proxy for a connection to a host.
 *
 * @param socket - open to the proxy; destroyed if the tunnel fails.
 * @param host - name or address.
 * @returns the socket, whose other end is now the host.
 * @throws {ProxyError} with what the proxy answered.
 */
export async function openTunnel(socket: Socket, proxy: Proxy, host: string, port: number, timeoutMs: number): Promise<Socket> {
  const timer = setTimeout(() => socket.destroy(new ProxyError(`proxy ${proxy.label} did not answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await (proxy.protocol.startsWith('socks') ? socksTunnel(socket, proxy, host, port) : httpTunnel(socket, proxy, host, port));
  } catch (error) {
    socket.on('error', ignore).destroy();
    if (error instanceof ProxyError) throw error;
    throw new ProxyError(`proxy ${proxy.label}: ${(error as Error).message}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** @see RFC 9110, section 9.3.6 (CONNECT). */
async function httpTunnel(socket: Socket, proxy: Proxy, host: string, port: number): Promise<Socket> {
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const authorization = proxyAuthorization(proxy);
  const client = new Client(`http://${proxy.label}`, {
    // Later, since undici goes on with its queue only when the call that connects has returned.
    connect: (_options: unknown, callback) => queueMicrotask(() => callback(null, socket)),
  });
  const { statusCode, socket: tunnel } = await connect.call(client, {
    path: authority,
    headers: { host: authority, ...(authorization !== undefined && { 'proxy-authorization': authorization }) },
  });
  if (statusCode >= 200 && statusCode <= 299) return tunnel as Socket;
  const why = statusCode === 407 ? ', which refuses its credentials' : '';
  throw new ProxyError(`proxy ${proxy.label} answered status ${statusCode}${why} when asked for ${authority}`);
}

/** Replies of a SOCKS5 server. @see RFC 1928, section 6. */
const REPLIES = [
  '',
  'general failure',
  'connection not allowed',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'TTL expired',
  'command not supported',
  'address type not supported',
];
const [VERSION, NO_AUTH, PASSWORD_AUTH, CONNECT, IPV4, NAME, IPV6] = [5, 0, 2, 1, 1, 3, 4] as const;

/** @see RFC 1928 (SOCKS5); RFC 1929 (user name and password). */
async function socksTunnel(socket: Socket, proxy: Proxy, host: string, port: number): Promise<Socket> {
  const reader = new Reader(socket);
  const fail = (what: string): never => {
    throw new ProxyError(`proxy ${proxy.label} ${what}`);
  };
  try {
    const hasCredentials = proxyAuthorization(proxy) !== undefined;
    socket.write(Buffer.from(hasCredentials ? [VERSION, 2, NO_AUTH, PASSWORD_AUTH] : [VERSION, 1, NO_AUTH]));
    const [version, method] = await reader.read(2);
    if (version !== VERSION) fail('is no SOCKS5 server');
    if (method === PASSWORD_AUTH && hasCredentials) {
      const [user, password] = [Buffer.from(proxy.username), Buffer.from(proxy.password)];
      if (user.length > 255 || password.length > 255) fail('takes no credentials longer than 255 bytes');
      socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]));
      const [, status] = await reader.read(2);
      if (status !== 0) fail('refuses its credentials');
    } else if (method !== NO_AUTH) fail('wants credentials');
    socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0]), socksAddress(host), Buffer.from([port >> 8, port & 0xff])]));
    const [, reply = 1, , type] = await reader.read(4);
    if (reply !== 0) fail(`answered "${REPLIES[reply] ?? `reply ${reply}`}" when asked for ${host}:${port}`);
    const [nameLength = 0] = type === NAME ? await reader.read(1) : [];
    await reader.read((type === IPV4 ? 4 : type === IPV6 ? 16 : nameLength) + 2);
    return socket;
  } finally {
    reader.release();
  }
}

function socksAddress(host: string): Buffer {
  if (isIPv4(host)) return Buffer.from([IPV4, ...host.split('.').map(Number)]);
  if (isIPv6(host)) return Buffer.concat([Buffer.from([IPV6]), ipv6Bytes(host)]);
  const name = Buffer.from(host);
  return Buffer.concat([Buffer.from([NAME, name.length]), name]);
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser turns a dotted tail into groups.
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const [before, after] = [groups(head), groups(tail ?? '')];
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  return Buffer.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]));
}

function groups(text: string): readonly string[] {
  return text === '' ? [] : text.split(':');
}

/** Reads an exact number of bytes at a time from a socket, and leaves it as it found it. */
class Reader {
  readonly #socket: Socket;
  #wake: (() => void) | undefined;
  #error: Error | undefined;
  readonly #onReadable = (): void => this.#wake?.();
  readonly #onError = (error: Error): void => this.#end(error);
  readonly #onEnd = (): void => this.#end(new Error('the connection ended'));

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('readable', this.#onReadable).on('error', this.#onError).on('close', this.#onEnd).on('end', this.#onEnd);
  }

  async read(bytes: number): Promise<Buffer> {
    for (;;) {
      const chunk = this.#socket.read(bytes) as Buffer | null;
      if (chunk) return chunk;
      if (this.#error) throw this.#error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  release(): void {
    this.#socket.off('readable', this.#onReadable).off('error', this.#onError).off('close', this.#onEnd).off('end', this.#onEnd);
  }

  #end(error: Error): void {
    this.#error ??= error;
    this.#wake?.();
  }
}

function ignore(): void {}
