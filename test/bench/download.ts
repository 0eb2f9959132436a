/**
 * Peak memory of downloads: `npm run bench -- download [--mb 50,200,800]`. A file of each size goes from a web server into the bucket by the
 * code that scrape uses, in a process of its own; server and bucket run in two others. The file's hash is held against the server's.
 */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { connect } from '../../functions/aws/cloud.ts';
import { createFetcher } from '../../functions/fetch/fetcher.ts';
import { readOptions } from '../../functions/options.ts';
import { keepFile } from '../../functions/scrape/keep-file.ts';
import { machine } from './harness/machine.ts';

/** What the process that keeps the file tells. */
interface Measure {
  readonly bytes: number;
  readonly sha256: string;
  readonly wallMs: number;
  readonly startRssMb: number;
  readonly peakRssMb: number;
}

const MEGABYTE = 1_000_000;
const [role, url = ''] = process.argv.slice(2);
if (role === 'server') serve();
else if (role === 'keeper') await keep(url);
else await measureAll();

async function measureAll(): Promise<void> {
  const { values } = parseArgs({ options: { mb: { type: 'string', default: '50,200,800' } } });
  const server = fork(import.meta.filename, ['server']);
  const [origin] = (await once(server, 'message')) as [string];
  console.log(machine());
  console.log('file MB   RSS before MB   RSS at most MB   seconds');
  for (const mb of values.mb.split(',').map(Number)) {
    const bucket = fork(join(import.meta.dirname, 'enqueue-cloud.ts'));
    const [environment] = (await once(bucket, 'message')) as [Record<string, string>];
    const keeper = fork(import.meta.filename, ['keeper', `${origin}/${mb * MEGABYTE}`], { env: { ...process.env, ...environment } });
    const [measure] = (await once(keeper, 'message')) as [Measure];
    bucket.disconnect();
    if (measure.bytes !== mb * MEGABYTE || measure.sha256 !== hashOf(measure.bytes))
      throw new Error(`The file of ${mb} MB came otherwise.`);
    const cells = [String(mb).padStart(7), measure.startRssMb.toFixed(0).padStart(15), measure.peakRssMb.toFixed(0).padStart(16)];
    console.log(`${cells.join(' ')} ${(measure.wallMs / 1_000).toFixed(1).padStart(9)}`);
  }
  server.kill();
}

async function keep(address: string): Promise<void> {
  const options = readOptions({ ...process.env, URLDROP_ALLOWED_NETWORKS: '*' });
  const { objects } = connect(options);
  const fetcher = createFetcher(options);
  const startRssMb = process.resourceUsage().maxRSS / 1_024;
  const startedMs = performance.now();
  const request = {
    url: address,
    method: 'GET',
    headers: {},
    timeoutMs: 600_000,
    maxBytes: 1e12,
    accept: ['*'],
    maxRedirects: 0,
    redirects: 0,
  };
  const file = await keepFile(fetcher, objects, { ...request, isOwn: () => true }, 'files/bench/file');
  if (file.kind !== 'file') throw new Error('The server redirected.');
  const { bytes, sha256 } = file;
  const peakRssMb = process.resourceUsage().maxRSS / 1_024;
  process.send?.({ bytes, sha256, wallMs: performance.now() - startedMs, startRssMb, peakRssMb } satisfies Measure);
  await fetcher.close();
  process.disconnect();
}

function serve(): void {
  const server = createServer((request, response) => {
    const bytes = Number(request.url?.slice(1));
    response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': bytes });
    void pipeline(Readable.from(chunksOf(bytes)), response).catch(() => undefined);
  });
  server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
}

/** The same bytes for every file of a size. */
function* chunksOf(bytes: number): Generator<Buffer> {
  const chunk = Buffer.from(Array.from({ length: 65_536 }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 11) & 0xff));
  for (let left = bytes; left > 0; left -= chunk.length) yield left < chunk.length ? chunk.subarray(0, left) : chunk;
}

function hashOf(bytes: number): string {
  const hash = createHash('sha256');
  for (const chunk of chunksOf(bytes)) hash.update(chunk);
  return hash.digest('hex');
}
