import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keys } from '../../../functions/job/keys.ts';
import type { ResultLine } from '../../../functions/job/result.ts';
import type { Summary } from '../../../functions/job/summary.ts';
import { startShop } from '../../../infra/local/sample-shop.ts';
import { tempDir, testCloud } from '../local/clouds.ts';
import { urldrop } from './command.ts';

test('a recipe runs without a deploy: from a file, from the bucket, and again when it is mended', async () => {
  using dir = tempDir();
  const shop = await startShop();
  const titles = (selector: string) => `start: ${shop.url}/books/page-1.html
pages:
  list:
    each: .book
    extract:
      title: { selector: '${selector}', required: true }
`;
  writeFileSync(join(dir.path, 'Shop titles.yaml'), titles('h3'));
  const run = (...args: string[]) => urldrop(dir.path, ['run', ...args, '--allow-private']);

  // Its own start, and its name from the file's.
  const first = await run('--recipe', 'Shop titles.yaml');
  expect(first.code).toBe(0);
  expect(first.stderr).toContain('Job shop-titles-');
  expect(itemsOf(first.stdout)).toHaveLength(20);

  // Dropped by an S3 client while the local cloud is up.
  const drop = async (text: string) => {
    await using cloud = await testCloud({ dataDir: join(dir.path, '.urldrop'), handlers: {} });
    await cloud.objects.put('scrapers/titles.yaml', text);
  };
  await drop(titles('h9'));
  const broken = await run('--scraper', 'titles');
  expect(itemsOf(broken.stdout)).toEqual([]);
  const [, failed = ''] = /urldrop export (\S+)/.exec(broken.stderr) ?? [];
  await drop(titles('h3'));
  const again = await urldrop(dir.path, ['retry', failed]);
  expect(itemsOf((await run('--resume', again.stdout.trim())).stdout)).toEqual(itemsOf(first.stdout));

  // A fault is said before anything begins, a name that is near is named.
  await drop(titles('h3['));
  const faulty = await run('--scraper', 'titles');
  expect([faulty.code, faulty.stderr]).toEqual([
    2,
    expect.stringMatching(/^urldrop: scrapers\/titles\.yaml:6:16: pages\.list\.extract\.title\.selector is no CSS selector: "h3\["/),
  ]);
  const near = await run('--scraper', 'title');
  expect([near.code, near.stderr]).toEqual([2, 'urldrop: There is no scraper "title". Did you mean "titles"?\n']);
  await shop.close();
});

test('a job that a broken recipe has ended begins once more when the recipe is mended', async () => {
  using dir = tempDir();
  const shop = await startShop();
  const recipe = (selector: string) => JSON.stringify({ pages: { page: { extract: { title: selector } } } });
  const cloud = await testCloud({ dataDir: join(dir.path, '.urldrop'), handlers: {} });
  const { objects } = cloud;
  await objects.put('scrapers/heads.json', recipe('h1['));
  await objects.put('urls/heads/list.txt', `${shop.url}/books/page-1.html\n`);
  const ended = async (): Promise<Summary> => {
    for (;;) {
      await cloud.tick();
      const [folder] = await Array.fromAsync(objects.folders('jobs/'));
      const summary = folder === undefined ? undefined : await objects.getJson<Summary>(keys.summary(folder));
      if (summary?.state === 'finished') return summary;
    }
  };
  const { id: job, errors } = await ended();
  expect(errors).toMatchObject({ 'bad-recipe': { count: 1, message: expect.stringContaining('scrapers/heads.json:1:30: ') as string } });
  await objects.put('scrapers/heads.json', recipe('h1'));
  await cloud.stop(0);
  const retry = await urldrop(dir.path, ['retry', job]);
  expect(retry.stderr).toContain(`is ${job} once more`);
  const { stdout } = await urldrop(dir.path, ['run', '--resume', retry.stdout.trim(), '--allow-private']);
  expect(itemsOf(stdout)).toEqual([{ title: 'All books' }]);
  await shop.close();
});

function itemsOf(lines: string): unknown[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as ResultLine).item);
}
