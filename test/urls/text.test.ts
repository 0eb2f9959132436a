import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES } from '../../functions/urls/blocks.ts';
import { MAX_LINE_BYTES } from '../../functions/urls/types.ts';
import { read, shown } from './read.ts';

describe('a list of URLs', () => {
  it('skips blank lines and comments, white space, byte order mark and carriage returns', async () => {
    const text = '\ufeff# shops\r\nhttps://a.example/1\r\n\r\n   https://a.example/2  \n\t# more\nHTTPS://A.example/3#top\n\n';
    expect(shown(await read(text))).toEqual([
      { url: 'https://a.example/1' },
      { url: 'https://a.example/2' },
      { url: 'https://a.example/3' },
    ]);
  });

  it('counts a last line without an end', async () => {
    expect(shown(await read('https://a.example/1\nhttps://a.example/2'))).toHaveLength(2);
  });

  it('answers a line that is no URL with one fault naming file, line and remedy, and reads on', async () => {
    const faults = shown(await read('https://a.example/1\nexample.com/page\nftp://a.example/\nhello\nhttps://a.example/2\n', 'list.txt'));
    expect(faults).toEqual([
      { url: 'https://a.example/1' },
      'bad-url 2: Line 2 of list.txt has no scheme. Write https://example.com/page It reads: example.com/page',
      'bad-url 3: Line 3 of list.txt has the scheme ftp:, and only http: and https: are fetched. It reads: ftp://a.example/',
      'bad-url 4: Line 4 of list.txt is no URL. A URL begins with http:// or https:// and a host. It reads: hello',
      { url: 'https://a.example/2' },
    ]);
  });

  it('answers a line that is not UTF-8, or holds a NUL far down, with a fault', async () => {
    const head = Buffer.from('https://a.example/1\n'.repeat(1_000));
    const bytes = Buffer.concat([
      head,
      Buffer.from('https://a.example/\xe4\n', 'latin1'),
      Buffer.from('https://a.example/\0\nhttps://a.example/2\n'),
    ]);
    expect(shown(await read(bytes)).slice(1_000)).toEqual([
      'bad-line 1001: Line 1001 of list is not UTF-8. Save the file as UTF-8.',
      'bad-line 1002: Line 1002 of list holds a NUL byte: the file is damaged there, or is no text.',
      { url: 'https://a.example/2' },
    ]);
  });

  it.each([MAX_LINE_BYTES + 1, 3 * BLOCK_BYTES, 3 * BLOCK_BYTES + 17])('skips one line of %i bytes with one fault', async (length) => {
    const long = `https://a.example/${'x'.repeat(length)}`.slice(0, length);
    const entries = await read(`https://a.example/1\n${long}\nhttps://a.example/2\n`, 'list.txt');
    expect(shown(entries)).toEqual([
      { url: 'https://a.example/1' },
      `bad-line 2: Line 2 of list.txt is longer than ${MAX_LINE_BYTES} bytes and was skipped. Write one URL a line.`,
      { url: 'https://a.example/2' },
    ]);
    expect(shown(await read(long, 'list.txt'))).toHaveLength(1);
  });

  it('takes a line just within the limit', async () => {
    const url = `https://a.example/${'x'.repeat(MAX_LINE_BYTES)}`.slice(0, MAX_LINE_BYTES);
    expect(shown(await read(`#\n${url}\n`))).toEqual([{ url }]);
  });

  it('reads a gigabyte without a line end in bounded memory', async () => {
    const piece = Buffer.alloc(4 << 20, 'x');
    async function* endless() {
      for (let i = 0; i < 256; i++) yield piece;
      yield Buffer.from('\nhttps://a.example/\n');
    }
    const { readEntries } = await import('../../functions/urls/read-input.ts');
    const before = process.memoryUsage().rss;
    const all: unknown[] = [];
    for await (const batch of readEntries(endless(), 'huge.txt')) all.push(...shown(batch));
    expect(all).toEqual([expect.stringContaining('Line 1 of huge.txt is longer than'), { url: 'https://a.example/' }]);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 << 20);
  });
});
