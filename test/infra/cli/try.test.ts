import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorKind } from '../../../functions/job/errors.ts';
import { startShop } from '../../../infra/local/sample-shop.ts';
import { startWeb } from '../../helpers/web.ts';
import { tempDir } from '../local/clouds.ts';
import { urldrop } from './command.ts';

test('try shows the items, the links it would follow and the time of each phase, and stores nothing', async () => {
  using dir = tempDir();
  const shop = await startShop();
  const { code, stdout } = await urldrop(dir.path, ['try', 'shop', `${shop.url}/books/page-1.html`, '--allow-private']);
  expect(code).toBe(0);
  expect(stdout).toContain(`200 ${shop.url}/books/page-1.html`);
  expect(stdout).toMatch(/connect [\d.]+ ms · first byte [\d.]+ ms · whole [\d.]+ ms · tree [\d.]+ ms · extract [\d.]+ ms/);
  expect(stdout).toContain('21 requests to follow');
  expect(stdout).toMatch(/book {2}http/);

  const book = /http\S+\/books\/(?!page)\S+\.html/.exec(stdout)?.[0] ?? '';
  const one = await urldrop(dir.path, ['try', 'shop', book, '--page', 'book', '--json', '--allow-private']);
  const found = JSON.parse(one.stdout) as { items: { title: string; price: number }[] };
  expect(found.items).toHaveLength(1);
  expect(found.items[0]?.price).toBeGreaterThan(0);
  expect((await urldrop(dir.path, ['jobs'])).stderr).toContain('There is no data directory');
  await shop.close();
});

test('a page that cannot be had is named with its code and what to do', async () => {
  using dir = tempDir();
  const shop = await startShop();
  const gone = await urldrop(dir.path, ['try', 'page', `${shop.url}/nowhere`, '--allow-private']);
  expect([gone.code, gone.stderr]).toEqual([1, `http-404: GET ${shop.url}/nowhere: status 404\n${errorKind('http-404').remedy}\n`]);
  const closed = await urldrop(dir.path, ['try', 'page', `${shop.url}/`]);
  expect([closed.code, closed.stderr]).toEqual([1, expect.stringContaining('blocked-address')]);
  await shop.close();
});

test('try says of a failure that may pass how often and how long a job would try again', async () => {
  using dir = tempDir();
  await using web = await startWeb({
    '/busy': (_, response) => response.writeHead(503).end(),
    '/broken': (_, response) => response.writeHead(500).end(),
  });
  writeFileSync(
    join(dir.path, 'slow.json'),
    JSON.stringify({ request: { retries: 1, giveUpAfter: 90_000 }, pages: { page: { extract: { title: 'h1' } } } }),
  );
  const said = async (path: string): Promise<string | undefined> =>
    (await urldrop(dir.path, ['try', '--recipe', 'slow.json', web.url + path, '--allow-private'])).stderr.split('\n').at(2);
  const within = 'begun within 90000 ms of the first (request.retries, request.giveUpAfter).';
  expect(await said('/broken')).toBe(`A job would make up to 1 further attempt, ${within}`);
  expect(await said('/busy')).toBe(`A job would make up to 5 further attempts, ${within}`);
});

test('try says of every empty field how far its selector matched, and what would be downloaded', async () => {
  using dir = tempDir();
  const shop = await startShop();
  const recipe = {
    pages: {
      list: {
        each: '.book',
        extract: {
          title: 'h3',
          cost: '.price b.now',
          year: { selector: 'h3', as: 'date' },
          cover: { selector: 'a', attr: 'href', as: 'file' },
        },
        follow: { 'a.none': 'list' },
      },
    },
  };
  writeFileSync(join(dir.path, 'my books.json'), JSON.stringify(recipe));
  const args = ['try', '--recipe', 'my books.json', `${shop.url}/books/page-1.html`, '--allow-private'];
  const { code, stdout, stderr } = await urldrop(dir.path, args);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('20 items\n');
  expect(stdout).toContain('20 files to download\n');
  expect(stdout).toMatch(/ {2}http\S+ {2}to files\/JOB\/[0-9a-f]{16}-\S+\n/);
  expect(stdout).toContain('0 requests to follow\n');
  expect(stdout).toContain('  cost      .price b.now (20 times): matches as far as .price (1 element)\n');
  expect(stdout).toMatch(/ {2}year {6}h3 \(20 times\): finds ".+", which gives no value\n/);
  expect(stdout).toContain('  (follow)  a.none: matches as far as a (43 elements)\n');
  const { empty, downloads } = JSON.parse((await urldrop(dir.path, [...args, '--json'])).stdout) as {
    empty: object[];
    downloads: object[];
  };
  expect(empty).toContainEqual({ field: '(follow)', selector: 'a.none', count: 1, matches: { selector: 'a', count: 43 } });
  expect(downloads).toHaveLength(20);

  const broken = { pages: { list: { extract: { title: { selector: 'h1 em', required: true } } } } };
  writeFileSync(join(dir.path, 'broken.json'), JSON.stringify(broken));
  const failed = await urldrop(dir.path, ['try', '--recipe', 'broken.json', `${shop.url}/`, '--allow-private']);
  expect([failed.code, failed.stdout]).toEqual([1, '']);
  expect(failed.stderr).toMatch(/^Empty\n {2}title {2}h1 em: matches as far as h1 \(1 element\)\ninvalid-item: Field title is required/);
  await shop.close();
});
