import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** A request as the server met it. */
export interface Arrival {
  readonly host: string;
  readonly path: string;
  /** ms, by the server's own clock. */
  readonly at: number;
  /** How long ago the server's thread last had its turn: it may have been there all that time, ms. */
  readonly late: number;
  /** Requests of this host under way at the server, this one included. */
  readonly inFlight: number;
}

export interface ArrivalServer extends AsyncDisposable {
  readonly port: number;
  /** What has arrived so far, in order. */
  arrivals(): Promise<readonly Arrival[]>;
}

/** Bodies of robots.txt by host name; a host without one has a 404. `>` and a path or URL: redirected to there, `{port}` being the server's. */
export type RobotsTexts = Readonly<Record<string, string>>;

/** How long a page is held back, so that requests overlap, ms. */
const HOLD_MS = 40;

/**
 * Starts the server in a thread of its own, so that it notes what arrives when it arrives, whatever else the test is doing. It listens on
 * every address of 127.0.0.0/8: each is a host. `/to?<url>` redirects, at once.
 */
export async function startArrivalServer(robots: RobotsTexts): Promise<ArrivalServer> {
  const worker = new Worker(new URL(import.meta.url), { workerData: robots });
  const next = <T>(): Promise<T> => new Promise((resolve) => worker.once('message', resolve));
  const port = await next<number>();
  return {
    port,
    arrivals() {
      const answer = next<readonly Arrival[]>();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
      worker.postMessage('arrivals');
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

function serve(robots: RobotsTexts): void {
  const arrivals: Arrival[] = [];
  const inFlight = new Map<string, number>();
  let lastTurn = performance.now();
  setInterval(() => (lastTurn = performance.now()), 1);
  const server = createServer((request, response) => {
    const at = performance.now();
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const path = request.url ?? '/';
    const count = (inFlight.get(host) ?? 0) + 1;
    inFlight.set(host, count);
    arrivals.push({ host, path, at, late: at - lastTurn, inFlight: count });
    const text = robots[host];
    const location = path.startsWith('/to?')
      ? path.slice(4)
      : path === '/robots.txt' && text?.startsWith('>')
        ? text.slice(1).replace('{port}', String(request.socket.localPort))
        : undefined;
    const isPage = location === undefined && !path.includes('robots');
    const answer = (): void => {
      // Before the answer goes out: what arrives after it may be there because of it.
      inFlight.set(host, (inFlight.get(host) ?? 0) - 1);
      if (isPage) response.setHeader('content-type', 'text/html').end(`<title>${path}</title>`);
      else if (location !== undefined) response.writeHead(302, { location }).end();
      else if (text === undefined) response.writeHead(404).end();
      else response.setHeader('content-type', 'text/plain').end(text.startsWith('>') ? 'User-agent: *\nDisallow: /no\n' : text);
    };
    if (isPage) setTimeout(answer, HOLD_MS);
    else answer();
  });
  const port = parentPort;
  if (!port) throw new Error('This is to run in a worker thread.');
  server.listen(0, '0.0.0.0', () => port.postMessage((server.address() as AddressInfo).port));
  port.on('message', () => port.postMessage(arrivals));
}

if (!isMainThread && workerData) serve(workerData as RobotsTexts);
