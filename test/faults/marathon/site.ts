import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addressOf, answerOf, type Place, type Shape } from './web.ts';

// The web of the long run in a process of its own, which nobody kills: it alone knows for certain what was asked for. The title of a page
// says the how manyth answer it is, so that a result line shows which one it was made of.
const shape = JSON.parse(process.argv[2] ?? '') as Shape;
/** Answers so far, by host and path. */
const served = new Map<string, number>();

const hosts = Array.from({ length: shape.hosts }, (_, host) => host);
let port = 0;
const urlOf = ({ host, path }: Place): string => `http://${addressOf(host)}:${port}${path}`;

function listen(host: number): Promise<void> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === '/robots.txt') {
      response.end('User-agent: *\nAllow: /\n');
      return;
    }
    const key = `${host}${path}`;
    const n = (served.get(key) ?? 0) + 1;
    served.set(key, n);
    const answer = answerOf(shape, { host, path });
    if (!answer) response.writeHead(404).end();
    else if ('movedTo' in answer) response.writeHead(302, { location: urlOf(answer.movedTo) }).end();
    else {
      response.setHeader('content-type', 'text/html');
      const links = answer.links.map((link) => `<a href="${link.host === host ? link.path : urlOf(link)}">x</a>`);
      response.end(`<!doctype html><title>${n}</title>${links.join('')}`);
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, addressOf(host), () => {
      port = (server.address() as AddressInfo).port;
      resolve();
    });
  });
}

// The first one finds a free port, which the others share.
for (const host of hosts) await listen(host);
process.send?.({ port });
process.on('message', () => process.send?.([...served]));
process.once('disconnect', () => process.exit());
