import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { keys } from '../../functions/job/keys.ts';
import { scraper } from '../helpers/scrapers.ts';
import { DropStage, s3Event } from './drop.ts';

const URLS = Array.from({ length: 20_000 }, (_, i) => `https://a.example/${(i * 7919) % 20_011}\n`).join('');

describe('an input that cannot be read', () => {
  it.each<[what: string, key: string, body: string | Buffer, code: string, message: unknown]>([
    ['empty', 'urls/x.txt', '', 'bad-line', 'urls/x.txt is empty. Write one URL a line.'],
    [
      'binary',
      'urls/x.txt',
      Buffer.from([7, 0, 7]),
      'bad-line',
      'urls/x.txt is a binary file. An input is a list of URLs, CSV, JSON Lines or a sitemap, in UTF-8.',
    ],
    [
      'CSV without a url column',
      'urls/x.csv',
      'a,b\n1,2\n',
      'bad-line',
      expect.stringMatching(/^urls\/x.csv has no column "url" in its first line, but "a", "b"/),
    ],
    ['HTML', 'urls/x.xml', '<html></html>', 'bad-line', expect.stringMatching(/^urls\/x.xml is no sitemap: it begins with <html>/)],
    [
      'a sitemap cut off',
      'urls/x.xml',
      '<urlset><url>',
      'bad-line',
      expect.stringMatching(/^Line 1 of urls\/x.xml ends inside <url>: the sitemap is cut off/),
    ],
    ['a job file that is no JSON', 'urls/x.job.json', '{', 'bad-line', expect.stringMatching(/^urls\/x.job.json is no JSON: /)],
    [
      'a job file with faults',
      'urls/x.job.json',
      '{"job":"a/b","option":{}}',
      'bad-line',
      'urls/x.job.json has the unknown field "option". Did you mean "options"? urls/x.job.json: "job" must be a name of letters, digits, ".", "_" and "-", not "a/b".',
    ],
    [
      'a job file with unknown options',
      'urls/x.job.json',
      '{"options":{"concurency":1,"retries":-1,"giveUpAfter":0}}',
      'bad-line',
      'urls/x.job.json has the unknown option "concurency". Did you mean "concurrency"? urls/x.job.json: option "retries" must be a number from 0 to 20, not -1. urls/x.job.json: option "giveUpAfter" must be a number from 1 to 1209600000, not 0.',
    ],
    [
      'a job file with a bad template',
      'urls/x.job.json',
      '{"start":["https://a.example/","https://a.example/{1..}"]}',
      'bad-line',
      expect.stringMatching(/^{1..} in the template https:\/\/a.example\/{1..} is no range. Write {1..50}/),
    ],
    [
      'a job file whose input is gone',
      'urls/x.job.json',
      '{"input":"urls/none.txt"}',
      'bad-line',
      'urls/none.txt is not there: it was deleted before it was read. Drop it again.',
    ],
    [
      'a job file whose input lies elsewhere',
      'urls/x.job.json',
      '{"input":"results/x.jsonl"}',
      'bad-line',
      'urls/x.job.json names results/x.jsonl as a file of URLs. Put it under urls/ or jobs/: others are not read.',
    ],
    [
      'a job file without URLs, for a scraper without start',
      'urls/x.job.json',
      '{}',
      'bad-line',
      expect.stringMatching(/^urls\/x.job.json names no URLs, and the scraper page has no start/),
    ],
    [
      'for a scraper that is not there',
      'urls/pge/x.txt',
      'https://a.example/',
      'unknown-scraper',
      'There is no scraper "pge". Did you mean "page"?',
    ],
    [
      'for a scraper of a strange name',
      'urls/a b=ü/x.txt',
      'https://a.example/',
      'unknown-scraper',
      expect.stringMatching(/^There is no scraper "a b=ü"/),
    ],
  ])('(%s) ends as a job with one error line and says what to do', async (_, key, body, code, message) => {
    await using stage = await DropStage.start();
    await stage.run(stage.tools(), await stage.drop(key, body));
    const job = await stage.job();
    expect(job.enqueued).toMatchObject({ requests: 1, roots: 0, failed: 1, errors: { [code]: { count: 1, message } } });
    expect(await stage.errorLines(job)).toEqual([expect.objectContaining({ code, message, attempts: 0, at: job.createdAt })]);
    expect(await stage.cloud.objects.head(keys.active(job.id))).toBeDefined();
    expect(job.id).toMatch(/^[\w.-]+$/);
    expect(stage.messages()).toEqual([]);
  });

  it('as damaged gzip keeps what was unpacked before', async () => {
    await using stage = await DropStage.start();
    const packed = gzipSync(URLS);
    await stage.run(stage.tools(), await stage.drop('urls/x.gz', packed.subarray(0, packed.length - 5_000)));
    const { enqueued } = await stage.job();
    expect(enqueued).toMatchObject({
      roots: 1,
      failed: 1,
      errors: { 'bad-line': { message: expect.stringContaining('urls/x.gz is damaged gzip data') } },
    });
    const read = (await stage.allRequests()).map(({ url }) => `${url}\n`).join('');
    expect(URLS.startsWith(read)).toBe(true);
    expect(enqueued?.requests).toBeGreaterThan(10_000);
  });

  it('because it was replaced meanwhile is left to the job of what replaced it', async () => {
    await using stage = await DropStage.start();
    const event = await stage.drop('urls/x.txt', 'https://old.example/');
    await stage.drop('urls/x.txt', 'https://new.example/');
    await stage.run(stage.tools(), event);
    const { enqueued } = await stage.job();
    expect(enqueued?.errors).toMatchObject({ 'bad-line': { count: 1, message: expect.stringContaining('urls/x.txt was replaced') } });
    expect(stage.messages()).toEqual([]);
  });

  it('because it is gone again ends as a job with one error line', async () => {
    await using stage = await DropStage.start();
    await stage.run(stage.tools(), s3Event('urls/x.txt', '1', 'etag'));
    expect((await stage.job()).enqueued?.errors).toMatchObject({
      'bad-line': { message: 'urls/x.txt is not there: it was deleted before it was read. Drop it again.' },
    });
  });

  it('beside others, only in part, loses nothing else', async () => {
    await using stage = await DropStage.start();
    const long = `{"url":"https://a.example/long","data":"${'x'.repeat(70_000)}"}`;
    const lines = ['{"url":"https://a.example/1"}', long, '{"url":', '{"url":"https://a.example/2"}'];
    await stage.run(stage.tools(), await stage.drop('urls/x.jsonl', lines.join('\n')));
    const job = await stage.job();
    expect((await stage.errorLines(job)).map((line) => [line.line, line.code])).toEqual([
      [2, 'bad-line'],
      [3, 'bad-line'],
    ]);
    expect((await stage.allRequests()).map(({ url }) => url)).toEqual(['https://a.example/1', 'https://a.example/2']);
  });

  it('because a row is a request that is too large refuses that row', async () => {
    await using stage = await DropStage.start();
    // 40 KB of quotes are 80 KB of JSON.
    const rows = ['url,n', `https://a.example/1,${'"'.repeat(40_000)}`, 'https://a.example/2,v'];
    await stage.run(stage.tools(), await stage.drop('urls/x.csv', rows.join('\n').replace(',""', ',x""')));
    const job = await stage.job();
    expect(await stage.errorLines(job)).toEqual([
      expect.objectContaining({ url: 'https://a.example/1', line: 2, message: expect.stringContaining('more than 65536 bytes') }),
    ]);
    expect((await stage.allRequests()).map(({ url }) => url)).toEqual(['https://a.example/2']);
  });

  it('when the start of a scraper throws is an error line that names the scraper', async () => {
    await using stage = await DropStage.start();
    const odd = scraper({
      name: 'odd',
      start: () => {
        throw new Error('no list today');
      },
    });
    await stage.run(stage.tools({ list: [odd] }), { kind: 'schedule', scraper: 'odd', at: '2026-01-01T00:00:00Z' });
    expect((await stage.job()).enqueued?.errors).toMatchObject({
      parse: { message: 'The start of the scraper odd failed: Error: no list today' },
    });
  });
});
