import { describe, expect, it } from 'vitest';
import { read, shown } from './read.ts';

const a = (n: number, data?: Record<string, string>) => ({ url: `https://a.example/${n}`, ...(data && { data }) });

describe('a CSV file', () => {
  it('fetches the column url, in any case and place, and carries the others along as data', async () => {
    expect(shown(await read('sku,URL,name\n1,https://a.example/1,"Thing, ""big"""\n2,https://a.example/2,\n', 'x.csv'))).toEqual([
      a(1, { sku: '1', name: 'Thing, "big"' }),
      a(2, { sku: '2', name: '' }),
    ]);
  });

  it.each([
    ['comma', 'url,n\nhttps://a.example/1,"x;y"\n', { n: 'x;y' }],
    ['semicolon', 'url;n\nhttps://a.example/1;x,y\n', { n: 'x,y' }],
    ['tab', 'url\tn\nhttps://a.example/1\tx,y\n', { n: 'x,y' }],
  ])('takes the %s of its header as delimiter', async (_, text, data) => {
    expect(shown(await read(text, 'x.csv'))).toEqual([a(1, data)]);
  });

  it('with the column url alone gives requests without data', async () => {
    expect(shown(await read('url\nhttps://a.example/1\n\n"https://a.example/2"\n', 'x.csv'))).toEqual([a(1), a(2)]);
  });

  it('counts lines, not records, where a field runs over several', async () => {
    const entries = await read('note,url\r\n"one\r\ntwo\r\n",https://a.example/1\r\n\r\nx,nonsense\r\n"y\n",none\r\n', 'x.csv');
    expect(shown(entries)).toEqual([
      a(1, { note: 'one\r\ntwo\r\n' }),
      'bad-url 6: Line 6 of x.csv is no URL. A URL begins with http:// or https:// and a host. Its "url" reads: nonsense',
      'bad-url 7: Line 7 of x.csv is no URL. A URL begins with http:// or https:// and a host. Its "url" reads: none',
    ]);
  });

  it('without a column url is refused with the columns it has', async () => {
    await expect(read('link,name\nhttps://a.example/1,x\n', 'x.csv')).rejects.toThrow(
      'x.csv has no column "url" in its first line, but "link", "name". Name the column with the URLs "url".',
    );
  });

  it('with a column name that would swell every row is refused', async () => {
    await expect(read(`url,${'n'.repeat(201)}\n`, 'x.csv')).rejects.toThrow(
      'x.csv has a column name of 201 characters, over the limit of 200.',
    );
  });

  it('answers too many fields and an empty url with a fault each', async () => {
    expect(shown(await read('url,n\nhttps://a.example/?a=1,2,3\n,x\nhttps://a.example/1\n', 'x.csv'))).toEqual([
      'bad-line 2: Line 2 of x.csv has 3 fields, the header 2. Put quotes round a field with a delimiter in it. It reads: https://a.example/?a=1,2,3',
      'bad-url 3: Line 3 of x.csv has nothing in its column "url".',
      a(1, {}),
    ]);
  });

  it.each([
    ['at the end of the file', 'url,n\nhttps://a.example/1,"x\nhttps://a.example/2,y\nhttps://a.example/3,z\n'],
    [
      'far from it',
      `url,n\nhttps://a.example/1,"x\nhttps://a.example/2,y\nhttps://a.example/3,z\n${'https://a.example/4,w\n'.repeat(20_000)}`,
    ],
  ])('loses one line to a quote that is not closed, %s', async (_, text) => {
    const entries = shown(await read(text, 'x.csv', 1_000));
    expect(entries.slice(0, 3)).toEqual([
      'bad-line 2: Line 2 of x.csv opens a quote that is not closed. Write a quote inside a field twice, as "". It reads: https://a.example/1,"x',
      a(2, { n: 'y' }),
      a(3, { n: 'z' }),
    ]);
    expect(entries).toHaveLength(text.split('\n').length - 2);
  });

  it('takes a quote in the middle of a field as it is', async () => {
    expect(shown(await read('url,size\nhttps://a.example/1,5" pipe\nhttps://a.example/2,"6"" pipe"\n', 'x.csv'))).toEqual([
      a(1, { size: '5" pipe' }),
      a(2, { size: '6" pipe' }),
    ]);
  });

  it('answers rows that are not UTF-8 with faults and keeps the others', async () => {
    const bytes = Buffer.from('url,n\nhttps://a.example/1,M\xfcller\nhttps://a.example/2,x\n', 'latin1');
    expect(shown(await read(bytes, 'x.csv'))).toEqual([
      expect.stringContaining('bad-line 2: Line 2 of x.csv is not UTF-8'),
      a(2, { n: 'x' }),
    ]);
  });

  it('skips a line over the limit with one fault, quoted or not', async () => {
    const long = 'x'.repeat(200_000);
    const text = `url,n\nhttps://a.example/1,${long}\nhttps://a.example/2,"${long}"\nhttps://a.example/3,y\n`;
    const entries = shown(await read(text, 'x.csv', 10_000));
    expect(entries).toEqual([expect.stringMatching(/^bad-line 2: .*longer/), expect.stringMatching(/^bad-line 3: /), a(3, { n: 'y' })]);
  });

  it('gives nameless, repeated and treacherous columns names of their own', async () => {
    const [entry] = shown(await read('url,,x,x,__proto__\nhttps://a.example/1,p,q,r,s\n', 'x.csv'));
    expect(JSON.stringify(entry)).toBe('{"url":"https://a.example/1","data":{"column2":"p","x":"q","x#4":"r","column5":"s"}}');
  });
});
