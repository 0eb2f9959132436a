/**
 * The web of the cost benchmark, a process of its own: hosts on addresses 127.1.0.0 and up, all on one port, each as fast as
 * `latencies.ts` says. Told how many hosts; answers with the port.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { freePort } from '../harness/ports.ts';
import { corpus } from '../harness/corpus.ts';
import { latencyMs } from './latencies.ts';
import { hostAddress } from './hosts.ts';

const PAGES = 500;

process.once('message', (hosts: number) => void serve(hosts));
process.once('disconnect', () => process.exit());

async function serve(hosts: number): Promise<void> {
  const bodies = corpus(PAGES).map(({ file }) => readFileSync(file));
  const port = await freePort();
  for (let host = 0; host < hosts; host++) {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => answer(host, bodies, request, response));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, hostAddress(host), resolve));
  }
  process.send?.(port);
}

function answer(host: number, bodies: readonly Buffer[], { url = '/' }: IncomingMessage, response: ServerResponse): void {
  const isRobots = url === '/robots.txt';
  const body = isRobots
    ? Buffer.from('User-agent: *\nAllow: /\n')
    : (bodies[(host * 31 + Number(url.slice(1))) % bodies.length] ?? bodies[0]);
  setTimeout(
    () => response.writeHead(200, { 'content-type': isRobots ? 'text/plain' : 'text/html', 'content-length': body?.length }).end(body),
    latencyMs(host, url),
  );
}
