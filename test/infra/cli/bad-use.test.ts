import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { tempDir } from '../local/clouds.ts';
import { start, startSite, urldrop } from './command.ts';

test.each([
  ['a missing file', ['run', 'urls.txt'], 'There is no file urls.txt.'],
  [
    'a host without its scheme',
    ['run', 'shop.example/books'],
    'There is no file shop.example/books. For a page of the web type https://shop.example/books',
  ],
  ['a directory', ['run', 'dir'], 'dir is a directory. Name a file of URLs in it.'],
  ['an empty file', ['run', 'empty.txt'], 'empty.txt is empty. Write one URL a line.'],
  [
    'a binary file',
    ['run', 'binary.txt'],
    'binary.txt is a binary file. An input is a list of URLs, CSV, JSON Lines or a sitemap, in UTF-8.',
  ],
  [
    'a packed archive',
    ['run', 'urls.zip'],
    'urls.zip is a ZIP archive or an Excel or OpenDocument file. Unpack it, or save the sheet as CSV.',
  ],
  [
    'gzip of a binary file',
    ['run', 'binary.gz'],
    'binary.gz is a binary file. An input is a list of URLs, CSV, JSON Lines or a sitemap, in UTF-8.',
  ],
  [
    'nothing to scrape',
    ['run'],
    'Nothing to scrape: scraper page has no start of its own. Name a file of URLs, URLs, or - for the standard input.',
  ],
  [
    'two files',
    ['run', 'a.txt', 'b.txt'],
    'One input for each run: several URLs, or one file, or -. "a.txt" is no URL (one begins with http:// or https://).',
  ],
  ['an empty standard input', ['run', '-'], 'The standard input is empty. Write one URL a line.'],
  ['an unknown scraper', ['run', 'http://a.example', '--scraper', 'shp'], 'There is no scraper "shp". Did you mean "shop"?'],
  [
    'an output of no known format',
    ['run', 'http://a.example', '--out', 'x.xls'],
    '--out x.xls: the name must end with .jsonl, .csv or .parquet, which says the format.',
  ],
  [
    'an output in a directory that is not there',
    ['run', 'http://a.example', '--out', 'no/x.csv'],
    '--out no/x.csv: there is no directory /tmp/dir/no.',
  ],
  [
    'a job that is not there',
    ['run', '--resume', 'page-20200101-000000-abcdef'],
    'There is no job page-20200101-000000-abcdef in .urldrop. No job has run there.',
  ],
  [
    'a job and an input',
    ['run', 'http://a.example', '--resume', 'x'],
    '--resume x takes its input from the job. Leave out http://a.example.',
  ],
  [
    'a data directory below a file',
    ['run', 'http://a.example', '--data-dir', 'empty.txt/data'],
    'Cannot write to the data directory /tmp/dir/empty.txt/data: a part of the path is a file. Choose another with --data-dir DIR.',
  ],
  [
    'jobs where nothing has run',
    ['jobs'],
    'There is no data directory .urldrop: nothing has run here. Name another with --data-dir DIR, or a bucket with --bucket NAME.',
  ],
  ['no URL to try', ['try', 'page', 'shop.example'], '"shop.example" is no URL: one begins with http:// or https://.'],
  [
    'an unknown page type',
    ['try', 'shop', 'http://a.example', '--page', 'lst'],
    'Scraper shop has no page type "lst". Did you mean "list"?',
  ],
])('%s gets one clear message and exit code 2', async (_what, args, message) => {
  using dir = tempDir();
  mkdirSync(join(dir.path, 'dir'));
  writeFileSync(join(dir.path, 'empty.txt'), '');
  const binary = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3]);
  writeFileSync(join(dir.path, 'binary.txt'), binary);
  writeFileSync(join(dir.path, 'binary.gz'), gzipSync(binary));
  writeFileSync(join(dir.path, 'urls.zip'), 'PK\u0003\u0004');

  const { code, stdout, stderr } = await urldrop(dir.path, args);

  // Paths of the test's own directory stand for any.
  expect(stderr.replaceAll(realpathSync(dir.path), '/tmp/dir')).toBe(`urldrop: ${message}
`);
  expect([code, stdout]).toEqual([2, '']);
});

test.each([
  [['rum'], /unknown command 'rum'\n\(Did you mean run\?\)/],
  [['run', 'x', '--concurency', '3'], /unknown option '--concurency'\n\(Did you mean --concurrency\?\)/],
  [['run', 'x', '--concurrency', '0'], /'0' is invalid\. It must be a whole number \(requests\) from 1 to 20000\./],
  [['run', 'x', '--delay', '1s'], /'1s' is invalid\. It must be a whole number \(ms\) from 0 to 3600000\./],
  [['run', 'x', '--robots', 'no'], /Allowed choices are obey, ignore/],
  [['run', 'x', '--budget', '0'], /above 0/],
  [['try', 'page'], /Type the scraper and the page: urldrop try SCRAPER URL, or urldrop try --recipe FILE URL/],
  [['run', 'x', '--scraper', 'page', '--recipe', 'x.json'], /'--recipe <file>' cannot be used with option '--scraper <name>'/],
  [['try', '--recipe', 'none.json', 'http://a.example'], /Cannot read the recipe none\.json: there is no such file\./],
])('%j is wrong use', async (args, message) => {
  using dir = tempDir();
  const { code, stdout, stderr } = await urldrop(dir.path, args);
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^urldrop: /);
  expect([code, stdout]).toEqual([2, '']);
});

test('two runs on one data directory: the second says who has it and leaves the first alone', async () => {
  using dir = tempDir();
  await using site = await startSite();
  site.gate(false);
  const first = start(dir.path, ['run', `${site.url}/1`, '--allow-private']);
  await site.requested(1);

  const second = await urldrop(dir.path, ['run', `${site.url}/2`, '--allow-private']);
  expect(second.code).toBe(2);
  expect(second.stderr).toMatch(
    new RegExp(
      `^urldrop: The data directory .* is in use by process ${first.child.pid} \\(urldrop run ${site.url}/1 .*--data-dir DIR\\.\n$`,
    ),
  );
  site.gate(true);
  expect((await first.ended).code).toBe(0);
});

test('a port in use is named', async () => {
  using dir = tempDir();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await urldrop(dir.path, ['up', '--port', String(port)]);
  expect([code, stderr]).toEqual([2, `urldrop: Port ${port} is in use. Choose another with --port PORT, or none for a free one.\n`]);
  server.close();
});
