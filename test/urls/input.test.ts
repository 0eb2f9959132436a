import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../functions/job/errors.ts';
import { readEntries } from '../../functions/urls/read-input.ts';
import { read, shown } from './read.ts';

const url = (n: number) => ({ url: `https://a.example/${n}` });
const lines = (count: number) => Array.from({ length: count }, (_, i) => `https://a.example/${i}\n`).join('');

describe('the format of an input', () => {
  it.each([
    ['urls', '\n https://a.example/0'],
    ['urls', 'URL,n\nhttps://a.example/0,1'],
    ['urls', '"url";n\nhttps://a.example/0;1'],
    ['urls', ' {"url":"https://a.example/0"}'],
    ['urls', '\n<urlset><url><loc>https://a.example/0</loc></url></urlset>'],
    ['urls.TXT', 'https://a.example/0'],
    ['urls.csv.gz', 'url\nhttps://a.example/0'],
    ['urls.ndjson', '\n\n{"url":"https://a.example/0"}'],
    ['shop.example', 'https://a.example/0'],
  ])('of %s is told from its name or its beginning', async (name, text) => {
    expect(shown(await read(text, name))).toEqual([expect.objectContaining(url(0))]);
  });

  it.each([
    ['binary', Buffer.from([1, 2, 0, 3]), 'x is a binary file.'],
    ['an Excel file', Buffer.from('PK\u0003\u0004rest'), 'x is a ZIP archive or an Excel'],
    ['a PDF', Buffer.from('%PDF-1.7'), 'x is a PDF.'],
    ['UTF-16', Buffer.from('\ufeffhttps://a.example/', 'utf16le'), 'x is UTF-16 text. Save it as UTF-8.'],
    ['Zstandard', Buffer.from('28b52ffd04', 'hex'), 'x is packed with Zstandard.'],
    ['a JSON array', Buffer.from('["https://a.example/"]'), 'x is a JSON array. Write one object a line'],
    ['gzip in gzip', gzipSync(gzipSync('https://a.example/')), 'x is packed twice'],
  ])('that is %s is refused with what to do instead', async (_, bytes, message) => {
    await expect(read(bytes, 'x')).rejects.toThrow(message);
    await expect(read(bytes, 'x')).rejects.toBeInstanceOf(UsageError);
  });
});

describe('an input', () => {
  it.each([1, 10_000])('of %i lines loses its byte order mark', async (count) => {
    const urls = Array.from({ length: count }, (_, i) => url(i));
    const text = urls.map((line) => `${JSON.stringify(line)}\n`).join('');
    expect(shown(await read(`\ufeff${text}`, 'x.jsonl'))).toEqual(urls);
    expect(shown(await read(gzipSync(`\ufeff${text}`), 'x'))).toEqual(urls);
  });

  it.each([1, 3, 1_000, 1 << 20])('is unpacked by its first bytes, whatever its name, in chunks of %i', async (chunkBytes) => {
    const packed = gzipSync(lines(5_000));
    const two = Buffer.concat([packed, gzipSync('https://a.example/5000\n')]);
    for (const name of ['x.txt', 'x.txt.gz']) {
      expect(shown(await read(two, name, chunkBytes))).toEqual(Array.from({ length: 5_001 }, (_, i) => url(i)));
    }
    expect(shown(await read(lines(3), 'x.gz', chunkBytes))).toEqual([url(0), url(1), url(2)]);
  });

  it('of damaged gzip keeps the whole lines before the damage and gets one fault', async () => {
    const packed = gzipSync(lines(50_000));
    const cut = await read(packed.subarray(0, packed.length / 2), 'x.gz');
    const urls = cut.slice(0, -1);
    expect(urls.length).toBeGreaterThan(10_000);
    expect(shown(urls)).toEqual(Array.from({ length: urls.length }, (_, i) => url(i)));
    expect(shown(cut).at(-1)).toMatch(/^bad-line \d+: x.gz is damaged gzip data \(unexpected end of file\)/);
    const bent = Buffer.from(packed);
    bent.fill(0xff, packed.length / 2, packed.length / 2 + 100);
    const kept = shown(await read(bent, 'x.gz'));
    expect(kept.length).toBeGreaterThan(10_000);
    expect(kept.filter((entry) => typeof entry === 'string')).toEqual([expect.stringContaining('x.gz is damaged gzip data')]);
  });

  it.each([
    ['', 'x is empty.'],
    ['\ufeff', 'x is empty.'],
    ['\n# nothing yet\n\n', 'x holds no URL.'],
  ])('without any URL, %j, gets one fault', async (text, message) => {
    expect(shown(await read(text, 'x'))).toEqual([`bad-line 1: ${message} Write one URL a line.`]);
    expect(shown(await read(gzipSync(text), 'x'))).toEqual([`bad-line 1: ${message} Write one URL a line.`]);
  });

  it('whose source fails is no damaged input: the error comes through', async () => {
    async function* failing() {
      yield gzipSync(lines(50_000)).subarray(0, 1_000);
      throw new Error('connection lost');
    }
    const reading = async () => {
      for await (const _ of readEntries(failing(), 'x'));
    };
    await expect(reading()).rejects.toThrow('connection lost');
  });

  it('of which no more is wanted is closed', async () => {
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) yield gzipSync(lines(10_000));
      } finally {
        isClosed = true;
      }
    }
    for await (const batch of readEntries(endless(), 'x')) if (batch.length > 0) break;
    expect(isClosed).toBe(true);
  });
});
