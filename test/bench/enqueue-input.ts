import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export type BenchFormat = 'text' | 'csv' | 'jsonl';

export interface BenchInput {
  readonly urls: number;
  readonly hosts: number;
  readonly format: BenchFormat;
  readonly gzip: boolean;
}

const WORDS = 'red blue green small large old new oak steel linen garden kitchen lamp chair table shelf rug clock mirror vase'.split(' ');
const CHUNK_CHARS = 1 << 18;

/** The n-th URL: hosts in no order, as in a shuffled list, paths of a shop. */
export function benchUrl(n: number, hosts: number): string {
  const mixed = Math.imul(n + 1, 0x9e3779b1) >>> 0;
  const word = (shift: number) => WORDS[(mixed >>> shift) % WORDS.length] ?? '';
  return `https://www.shop-${mixed % hosts}.example/${word(3)}/${word(9)}-${word(15)}-${n}.html`;
}

export async function writeBenchInput(path: string, input: BenchInput): Promise<void> {
  const lines = Readable.from(chunks(input), { objectMode: false });
  if (input.gzip) await pipeline(lines, createGzip(), createWriteStream(path));
  else await pipeline(lines, createWriteStream(path));
}

function* chunks({ urls, hosts, format }: BenchInput): Generator<Buffer> {
  let text = format === 'csv' ? 'url,sku,name\n' : '';
  for (let n = 0; n < urls; n++) {
    const url = benchUrl(n, hosts);
    if (format === 'text') text += `${url}\n`;
    else if (format === 'csv') text += `${url},SKU-${n},Article no. ${n}\n`;
    else text += `{"url":"${url}","data":{"sku":"SKU-${n}","name":"Article no. ${n}"}}\n`;
    if (text.length < CHUNK_CHARS) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
