import { expect, test } from 'vitest';
import { errorKind } from '../../../functions/job/errors.ts';
import { startShop } from '../../../infra/local/sample-shop.ts';
import { tempDir } from '../local/clouds.ts';
import { urldrop } from './command.ts';

test('try shows the items, the links it would follow and the time of each phase, and stores nothing', async () => {
  using dir = tempDir();
  const shop = await startShop();
  const { code, stdout } = await urldrop(dir.path, ['try', 'shop', `${shop.url}/books/page-1.html`, '--allow-private']);
  expect(code).toBe(0);
  expect(stdout).toContain(`200 ${shop.url}/books/page-1.html`);
  expect(stdout).toMatch(/connect [\d.]+ ms · first byte [\d.]+ ms · whole [\d.]+ ms · extract [\d.]+ ms/);
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
