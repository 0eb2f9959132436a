/**
 * CPU time and bytes of large pages: `npm run bench -- large-pages [--pages 200] [--rounds 3]`.
 *
 * Pages of 4 MB, put together from real ones, are fetched four at a time by the code that scrape uses, and their title and first heading
 * taken: read whole, and left once both are there. Small pages, each over a new connection and all over one, say what a connection costs.
 * The server is a process of its own; kinds take turns, figures are medians.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { createFetcher } from '../../functions/fetch/fetcher.ts';
import { buildScraper } from '../../functions/scraper/define-scraper.ts';
import { makeCertificate } from '../fetch/certificates.ts';
import { corpus } from './harness/corpus.ts';
import { machine } from './harness/machine.ts';
import { figure, table } from './harness/markdown.ts';

/** What the server tells of itself. */
interface Origins {
  readonly http: string;
  readonly https: string;
  readonly ca: string;
}

const PAGE_BYTES = 4_000_000;
const AT_A_TIME = 4;

if (process.argv[2] === 'server') serve();
else await measureAll();

async function measureAll(): Promise<void> {
  const { values } = parseArgs({ options: { pages: { type: 'string', default: '200' }, rounds: { type: 'string', default: '3' } } });
  const server = fork(import.meta.filename, ['server']);
  const [{ http, https, ca }] = (await once(server, 'message')) as [Origins];
  const scraper = buildScraper({ name: 'large', pages: { page: { extract: { title: 'title', h1: 'h1' } } } }, undefined);
  const fetcher = createFetcher({ userAgent: 'urldrop-bench/1', allowedNetworks: '127.0.0.0/8', maxSockets: 100, ca });
  const kinds = ['/small', '/small-close', '/large', '/large-gzip'].flatMap((path) =>
    [http, https].flatMap((origin) =>
      (path.startsWith('/small') ? [false] : [false, true]).map((leaves) => ({
        url: `${origin}${path}`,
        leaves,
        cpuMs: [0],
        wireBytes: 0,
      })),
    ),
  );
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const kind of kinds) {
      const { url, leaves } = kind;
      const request = {
        url,
        method: 'GET',
        headers: {},
        timeoutMs: 30_000,
        maxBytes: 10 * PAGE_BYTES,
        accept: ['text/html'],
        maxRedirects: 0,
      };
      const isEnough = leaves ? scraper.enough({ url }) : undefined;
      let left = Number(values.pages);
      let wireBytes = 0;
      const before = process.cpuUsage();
      const lane = async (): Promise<void> => {
        while (left-- > 0) {
          const page = await fetcher.fetch({ ...request, redirects: 0, isOwn: () => true, isEnough });
          if (page.kind !== 'page') throw new Error('The server redirected.');
          const { items } = await scraper.run({ url }, page);
          if (JSON.stringify(items) !== '[{"title":"T","h1":"H"}]') throw new Error(`The page came otherwise: ${JSON.stringify(items)}`);
          wireBytes += page.provenance.wireBytes;
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, lane));
      const { user, system } = process.cpuUsage(before);
      kind.cpuMs[round] = (user + system) / 1_000 / Number(values.pages);
      kind.wireBytes = wireBytes / Number(values.pages);
    }
  }
  console.log(`${values.pages} pages at a time of ${AT_A_TIME}; ${machine()}\n`);
  const rows = kinds.map(({ url, leaves, cpuMs, wireBytes }) => {
    const median = cpuMs.toSorted((a, b) => a - b)[cpuMs.length >> 1] ?? 0;
    return [url.replace(/:\/\/[^/]*/, ''), leaves ? 'left' : 'whole', figure(median), figure(wireBytes / 1_000)];
  });
  console.log(table(['page', 'read', 'CPU ms/page', 'kB/page'], rows));
  await fetcher.close();
  server.disconnect();
}

function serve(): void {
  const head = Buffer.from('<!doctype html><meta charset=utf-8><title>T</title><h1>H</h1>');
  const large = Buffer.concat([head, ...corpus(400).map(({ file }) => readFileSync(file))]).subarray(0, PAGE_BYTES);
  const packed = gzipSync(large);
  const answer = ({ url = '' }: IncomingMessage, response: ServerResponse): void => {
    const body = url.startsWith('/small') ? head : url.endsWith('gzip') ? packed : large;
    response.on('error', () => undefined);
    if (url.endsWith('close')) response.setHeader('connection', 'close');
    if (body === packed) response.setHeader('content-encoding', 'gzip');
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': body.length }).end(body);
  };
  const authority = makeCertificate({ subject: 'bench authority', isAuthority: true });
  const { cert, key } = makeCertificate({ subject: 'bench', issuer: authority, names: ['127.0.0.1'] });
  const http = createServer(answer).listen(0, '127.0.0.1');
  const https = createTlsServer({ cert, key }, answer).listen(0, '127.0.0.1', () => {
    const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
    process.send?.({ http: `http://127.0.0.1:${portOf(http)}`, https: `https://127.0.0.1:${portOf(https)}`, ca: authority.cert });
  });
  process.once('disconnect', () => process.exit());
}
