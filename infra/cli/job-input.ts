import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { constants, createGunzip, createGzip, type Gzip } from 'node:zlib';
import type { ObjectStore } from '../../functions/aws/objects.ts';
import { UsageError } from '../../functions/job/errors.ts';
import { keys } from '../../functions/job/keys.ts';
import { lanesFor } from '../../functions/job/lane.ts';

/** What a command is to scrape; `start` = what the scraper itself begins with. */
export type JobInput =
  | { readonly kind: 'file'; readonly path: string; readonly size: number; readonly head: string }
  | { readonly kind: 'urls'; readonly urls: readonly string[] }
  | { readonly kind: 'stdin' }
  | { readonly kind: 'start' };

const LIKE_HOST = /^[\w-]+(\.[\w-]+)+(:\d+)?(\/|$)/;
const LIKE_FILE = /\.(txt|csv|tsv|jsonl?|ndjson|xml|gz|list|urls|md)$/i;
/** Bytes of a file looked at to tell whether it can be a list at all. */
const HEAD_BYTES = 16_384;
/** So many URLs are done by one thread, bar the waiting, in the time that a second one takes to start. */
const FEW_URLS = 100;
/** A file up to this size goes up as it is; a larger one is packed, since the embedded S3 holds an object in memory while it takes it. */
const ONE_PIECE_BYTES = 4 * 1024 * 1024;
/** Bytes of a file packed at a time. */
const PIECE_BYTES = 64 * 1024;
/** Characters kept of a file's name in its object key: file systems allow 255 bytes. */
const MAX_NAME_CHARS = 80;

/**
 * Understands the arguments of `run`.
 *
 * @throws {UsageError} code `input`: what was given, what is wrong with it, what to type instead.
 */
export async function inputOf(args: readonly string[]): Promise<JobInput> {
  const [first = ''] = args;
  if (args.length === 0) return { kind: 'start' };
  if (args.every(isUrl)) return { kind: 'urls', urls: await writtenOut(args) };
  if (args.length > 1) {
    const odd = args.find((a) => !isUrl(a)) ?? '';
    throw new UsageError(
      'input',
      `One input for each run: several URLs, or one file, or -. ${JSON.stringify(odd)} is no URL (one begins with http:// or https://).`,
    );
  }
  return first === '-' ? { kind: 'stdin' } : fileInput(first);
}

function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** Templates such as `page-{1..50}` become the URLs that they stand for. */
async function writtenOut(urls: readonly string[]): Promise<readonly string[]> {
  if (!urls.some((u) => u.includes('{'))) return urls;
  const { expandTemplate } = await import('../../functions/urls/template.ts');
  return urls.flatMap((u) => [...expandTemplate(u)]);
}

async function fileInput(path: string): Promise<JobInput> {
  let info;
  try {
    info = await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(path, error);
    const hint = LIKE_HOST.test(path) && !LIKE_FILE.test(path) ? ` For a page of the web type https://${path}` : '';
    throw new UsageError('input', `There is no file ${path}.${hint}`, error);
  }
  if (info.isDirectory()) throw new UsageError('input', `${path} is a directory. Name a file of URLs in it.`);
  if (!info.isFile()) throw new UsageError('input', `${path} is no regular file. Pipe it in instead: urldrop run - < ${path}`);
  if (info.size === 0) throw new UsageError('input', `${path} is empty. Write one URL a line.`);
  const { formatOf } = await import('../../functions/urls/format.ts');
  const head = await unpackedHead(path);
  formatOf(basename(path), head);
  return { kind: 'file', path, size: info.size, head: head.toString('latin1') };
}

/** What a job is known to be before anything of it has been read: enough to lay it out for this machine. */
export interface Layout {
  /** Lanes that each host should have, where its concurrency allows them. */
  readonly lanes: number;
  /** Threads that there will be work for at once. */
  readonly threads: number;
}

/**
 * Lays a job out so that all threads have work: few hosts get as many lanes as there are threads, many hosts one each, since each lane costs
 * a message and a robots.txt. What one thread has done before a second is there gets one.
 *
 * @param politeness - what the job allows on one host.
 * @param follows - whether pages may bring more requests.
 */
export function layOut(input: JobInput, threads: number, politeness: { concurrency: number; delay: number }, follows: boolean): Layout {
  const text = input.kind === 'file' ? input.head : input.kind === 'urls' ? input.urls.join('\n') : '';
  const urls = Array.from(text.matchAll(/https?:\/\/([^/\s"',<>?#]+)/gi), ([, host]) => host);
  const hosts = new Set(urls).size;
  if (!follows && isWhole(input) && Math.max(urls.length, text.split('\n').length - 1) <= FEW_URLS) return { lanes: 1, threads: 1 };
  const lanes = hosts >= 2 * threads ? 1 : threads;
  return {
    lanes,
    threads: Math.max(1, Math.min(threads, hosts * lanesFor(politeness.concurrency, politeness.delay, { minLanes: lanes }))),
  };
}

/** Whether all URLs of an input are seen in it: a sitemap or a template stands for more than it holds. */
function isWhole(input: JobInput): boolean {
  if (input.kind === 'file') return input.head.length < HEAD_BYTES && !/[<{]/.test(input.head);
  return input.kind === 'urls';
}

/** The first bytes of a file, unpacked if they are gzip's. */
async function unpackedHead(path: string): Promise<Buffer> {
  let head: Buffer;
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    head = buffer.subarray(0, bytesRead);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (head[0] !== 0x1f || head[1] !== 0x8b) return head;
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    // Broken gzip data: enqueue says where; what could be unpacked is enough here.
    const done = () => resolve(Buffer.concat(parts));
    const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
    gunzip
      .on('data', (part: Buffer) => parts.push(part))
      .on('error', done)
      .on('end', done);
    gunzip.end(head);
  });
}

function unreadable(path: string, error: unknown): UsageError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new UsageError('input', `Cannot read ${path}: ${code === 'EACCES' ? 'permission denied' : message}.`, error);
}

/**
 * Puts the input into the bucket.
 *
 * @returns its object key.
 * @throws {UsageError} code `input` if the standard input holds nothing.
 */
export async function uploadInput(objects: ObjectStore, job: string, input: Exclude<JobInput, { kind: 'start' }>): Promise<string> {
  if (input.kind === 'urls') {
    const key = keys.input(job, 'urls.txt');
    await objects.put(key, `${input.urls.join('\n')}\n`);
    return key;
  }
  if (input.kind === 'stdin') {
    const key = keys.input(job, 'stdin');
    await objects.putStream(key, process.stdin);
    if ((await objects.head(key))?.size === 0) throw new UsageError('input', 'The standard input is empty. Write one URL a line.');
    return key;
  }
  const name = nameInKey(input.path);
  if (input.size <= ONE_PIECE_BYTES) {
    await objects.put(keys.input(job, name), await readFile(input.path));
    return keys.input(job, name);
  }
  const isPacked = name.endsWith('.gz');
  const key = keys.input(job, isPacked ? name : `${name}.gz`);
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  if (isPacked) await objects.putStream(key, createReadStream(input.path));
  else await Promise.all([packFile(input.path, gzip), objects.putStream(key, gzip)]);
  return key;
}

/** Packs a file by way of one piece of memory: what a stream reads into would lie about until the engine looks for it, 28 MB of it. */
async function packFile(path: string, gzip: Gzip): Promise<void> {
  try {
    await using file = await open(path);
    const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, piece.length);
      if (bytesRead === 0) break;
      // Called back once it is packed.
      await new Promise<void>((resolve, reject) => {
        gzip.write(piece.subarray(0, bytesRead), (error) => (error ? reject(error) : resolve()));
      });
    }
    gzip.end();
  } catch (error) {
    // Ends the upload, too.
    gzip.destroy(error as Error);
    throw error;
  }
}

/** The end of the file's name, which says its format, without characters that keys and file systems treat specially. */
function nameInKey(path: string): string {
  return basename(path)
    .replaceAll(/[^\p{L}\p{N}._ -]/gu, '_')
    .slice(-MAX_NAME_CHARS);
}
