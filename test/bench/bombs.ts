/**
 * Peak memory under attack: 200 pages at once, each a bomb of 10 GB decoded, in all four codings and stacked; then 200 pages of 5 MB each.
 * The servers run in a process of their own. Run: `node test/bench/bombs.ts`; it prints one line of JSON.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fork } from 'node:child_process';
import { brotliCompressSync, constants, createBrotliCompress, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { createFetcher } from '../../functions/fetch/fetcher.ts';
import { RequestError } from '../../functions/job/errors.ts';

const PAGES = 200;
const DECODED_BYTES = 10_000_000_000;
const MAX_BYTES = 5_000_000;
const PEAK_LIMIT_BYTES = 300_000_000;

if (process.argv[2] === 'server') await serve();
else await attack();

async function attack(): Promise<void> {
  const server = fork(import.meta.filename, ['server']);
  const [ready] = (await once(server, 'message')) as [{ port: number; wireBytes: Record<string, number> }];
  const fetcher = createFetcher({ userAgent: 'urldrop-bench', allowedNetworks: '127.0.0.0/8', maxSockets: PAGES });
  const startRss = process.memoryUsage.rss();
  const codes: Record<string, number> = {};
  const startedAt = performance.now();
  const kinds = Object.keys(ready.wireBytes);
  await Promise.all(
    Array.from({ length: PAGES }, async (_, i) => {
      const code = await fetchOne(`http://127.0.0.1:${ready.port}/${kinds[i % kinds.length] ?? ''}`);
      codes[code] = (codes[code] ?? 0) + 1;
    }),
  );
  const bombsMs = Math.round(performance.now() - startedAt);
  const afterBombs = process.resourceUsage().maxRSS * 1_024;
  const large: Record<string, number> = {};
  await Promise.all(
    Array.from({ length: PAGES }, async () => {
      const code = await fetchOne(`http://127.0.0.1:${ready.port}/large`);
      large[code] = (large[code] ?? 0) + 1;
    }),
  );
  const peak = process.resourceUsage().maxRSS * 1_024;
  await fetcher.close();
  server.kill();
  const mb = (bytes: number): number => Math.round(bytes / 1e6);
  process.stdout.write(
    `${JSON.stringify({
      pages: PAGES,
      decodedGb: DECODED_BYTES / 1e9,
      wireBytes: ready.wireBytes,
      startRssMb: mb(startRss),
      bombs: { codes, ms: bombsMs, peakRssMb: mb(afterBombs) },
      largePages: { codes: large, peakRssMb: mb(peak) },
    })}\n`,
  );
  process.exitCode = codes['too-large'] === PAGES && afterBombs < PEAK_LIMIT_BYTES ? 0 : 1;

  async function fetchOne(url: string): Promise<string> {
    try {
      const page = await fetcher.fetch({
        url,
        method: 'GET',
        headers: {},
        timeoutMs: 120_000,
        maxBytes: MAX_BYTES,
        accept: ['text/html'],
        maxRedirects: 0,
        redirects: 0,
        isOwn: () => true,
      });
      return page.kind;
    } catch (error) {
      return error instanceof RequestError ? error.code : String(error);
    }
  }
}

/** Serves the bombs, made beforehand: gzip members, zstd frames and flushed deflate blocks repeat, so one of each is compressed. */
async function serve(): Promise<void> {
  const piece = Buffer.alloc(100_000_000);
  const repeat = (bytes: Buffer): Buffer => Buffer.concat(Array.from({ length: DECODED_BYTES / piece.length }, () => bytes));
  const gzip = repeat(gzipSync(piece));
  const bombs: Readonly<Record<string, readonly [encoding: string, body: Buffer]>> = {
    gzip: ['gzip', gzip],
    deflate: [
      'deflate',
      Buffer.concat([Buffer.from([0x78, 0x9c]), repeat(deflateRawSync(piece, { finishFlush: constants.Z_FULL_FLUSH }))]),
    ],
    zstd: ['zstd', repeat(zstdCompressSync(piece))],
    br: ['br', await brotliBomb(piece)],
    stacked: ['gzip, br', brotliCompressSync(gzip, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })],
  };
  const large = Buffer.alloc(MAX_BYTES, 'a');
  const server = createServer((request, response) => {
    const bomb = bombs[request.url?.slice(1) ?? ''];
    response.on('error', () => {});
    // In chunks: a length over the limit would be refused unread.
    if (bomb) response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': bomb[0] }).write(bomb[1], () => response.end());
    else response.writeHead(200, { 'content-type': 'text/html' }).end(large);
  });
  server.listen(0, '127.0.0.1', () => {
    const wireBytes = Object.fromEntries(Object.entries(bombs).map(([kind, [, body]]) => [kind, body.length]));
    process.send?.({ port: (server.address() as AddressInfo).port, wireBytes });
  });
}

/** Brotli streams cannot be joined: all ten billion zeros go through the encoder. */
async function brotliBomb(piece: Buffer): Promise<Buffer> {
  const encoder = createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
  const chunks: Buffer[] = [];
  encoder.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (let sent = 0; sent < DECODED_BYTES; sent += piece.length) if (!encoder.write(piece)) await once(encoder, 'drain');
  encoder.end();
  await once(encoder, 'end');
  return Buffer.concat(chunks);
}
