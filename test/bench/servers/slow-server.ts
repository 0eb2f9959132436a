/**
 * A web server that answers late, over bare sockets so that ten thousand connections cost it little: a process of its own, told by its
 * parent what to serve ({@link SlowSiteOptions}); it answers with its port. robots.txt comes at once.
 */
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { SlowSiteOptions } from './slow-site.ts';

const ROBOTS = answer('User-agent: *\nAllow: /\n', 'text/plain');
const MISSING = Buffer.from('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
const BACKLOG = 16_384;

process.once('message', (options: SlowSiteOptions) => {
  const files = new Map(options.pages?.map(({ path, file }) => [path, file]));
  const bodies = new Map<string, Buffer>();
  const plain = answer('<!doctype html><title>A slow page</title><h1>It came</h1><p><a href="/next">Next</a></p>', 'text/html');
  const bodyOf = (path: string): Buffer => {
    if (!options.pages) return plain;
    const file = files.get(path);
    if (file === undefined) return MISSING;
    let body = bodies.get(path);
    if (!body) bodies.set(path, (body = answer(readFileSync(file), 'text/html')));
    return body;
  };
  const server = createServer({ noDelay: true }, (socket: Socket) => {
    let head = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1');
      for (let end = head.indexOf('\r\n\r\n'); end >= 0; end = head.indexOf('\r\n\r\n')) {
        const path = head.slice(head.indexOf(' ') + 1, head.indexOf(' ', head.indexOf(' ') + 1));
        head = head.slice(end + 4);
        if (path === '/robots.txt') socket.write(ROBOTS);
        else setTimeout(send, options.delayMs, socket, bodyOf(path));
      }
    });
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () => process.send?.((server.address() as AddressInfo).port));
});
process.once('disconnect', () => process.exit());

function send(socket: Socket, body: Buffer): void {
  if (!socket.destroyed) socket.write(body);
}

function answer(body: string | Buffer, type: string): Buffer {
  const bytes = Buffer.from(body as string);
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n\r\n`), bytes]);
}
