import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import type { ResultLine } from '../../../functions/job/result.ts';
import type { Summary } from '../../../functions/job/summary.ts';
import { tempDir } from '../local/clouds.ts';
import { startSite, urldrop, urlList } from './command.ts';

function results(text: string): (ResultLine & { item: { title: string } })[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ResultLine & { item: { title: string } });
}

const titles = (count: number) => Array.from({ length: count }, (_, i) => `Page ${i + 1}`).toSorted();

test('a file of URLs becomes a file of results, each page once, and the closing words account for all', async () => {
  using dir = tempDir();
  await using site = await startSite();
  writeFileSync(join(dir.path, 'urls.txt'), `# pages\n${urlList(site, 300)}\n${site.url}/1\nnot a url\n${site.url}/gone\n`);

  const { code, stdout, stderr } = await urldrop(dir.path, [
    'run',
    'urls.txt',
    '--allow-private',
    '--concurrency',
    '32',
    '--out',
    'out.jsonl',
  ]);

  expect(code).toBe(0);
  expect(stdout).toBe('');
  const lines = results(readFileSync(join(dir.path, 'out.jsonl'), 'utf8'));
  expect(lines.map((l) => l.item.title).toSorted()).toEqual(titles(300));
  expect(site.log.length).toBe(301);
  expect(stderr).toMatch(/303 requests: 300 succeeded, 2 failed; skipped: 1 duplicate/);
  expect(stderr).toMatch(/http-404 +1 {2}e\.g\. GET http:\S+\/gone: status 404/);
  expect(stderr).toMatch(/bad-url +1 {2}e\.g\. Line 304 of /);
  expect(stderr).toContain('Results: out.jsonl');
});

test('CSV with data columns comes out as CSV with the fields of the items and the data', async () => {
  using dir = tempDir();
  await using site = await startSite();
  writeFileSync(join(dir.path, 'urls.csv'), `label,url\n"=cmd, first",${site.url}/1\nsecond,${site.url}/2\n`);

  const { code } = await urldrop(dir.path, ['run', 'urls.csv', '--allow-private', '--out', 'out.csv']);

  expect(code).toBe(0);
  const rows = parse(readFileSync(join(dir.path, 'out.csv')), { columns: true }) as unknown as Record<string, string>[];
  expect(
    rows
      .map(({ url, status, title, label }) => ({ url, status, title, label }))
      .toSorted((a, b) => (a.url ?? '').localeCompare(b.url ?? '')),
  ).toEqual([
    { url: `${site.url}/1`, status: '200', title: 'Page 1', label: "'=cmd, first" },
    { url: `${site.url}/2`, status: '200', title: 'Page 2', label: 'second' },
  ]);
});

test('URLs as arguments, templates among them, give results on the standard output', async () => {
  using dir = tempDir();
  await using site = await startSite();

  const { code, stdout } = await urldrop(dir.path, ['run', `${site.url}/{1..3}`, `${site.url}/7`, '--allow-private']);

  expect(code).toBe(0);
  expect(
    results(stdout)
      .map((l) => l.item.title)
      .toSorted(),
  ).toEqual(['Page 1', 'Page 2', 'Page 3', 'Page 7']);
});

test('- reads the standard input, and --json prints the summary alone', async () => {
  using dir = tempDir();
  await using site = await startSite();

  const { code, stdout, stderr } = await urldrop(dir.path, ['run', '-', '--allow-private', '--json'], { stdin: urlList(site, 5) });

  expect(code).toBe(0);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout) as Summary).toMatchObject({ state: 'finished', requests: { total: 5, succeeded: 5, pending: 0 }, items: 5 });
});

test('a file too large to be held at once is read as well as a small one', async () => {
  using dir = tempDir();
  await using site = await startSite();
  const filler = `#${'x'.repeat(1022)}\n`.repeat(17 * 1024);
  writeFileSync(join(dir.path, 'urls.txt'), `${site.url}/1\n${filler}${site.url}/2\n${filler}${site.url}/3\n`);

  const { code, stdout } = await urldrop(dir.path, ['run', 'urls.txt', '--allow-private']);

  expect(code).toBe(0);
  expect(
    results(stdout)
      .map((l) => l.item.title)
      .toSorted(),
  ).toEqual(titles(3));
});

test('--strict turns a failed request into exit code 1, without it the job has finished all the same', async () => {
  using dir = tempDir();
  await using site = await startSite();
  const args = ['run', `${site.url}/gone`, '--allow-private'];

  expect((await urldrop(dir.path, args)).code).toBe(0);
  expect((await urldrop(dir.path, [...args, '--strict'])).code).toBe(1);
});

test('without --allow-private a page of this machine is an error line with its code', async () => {
  using dir = tempDir();
  await using site = await startSite();

  const { code, stdout, stderr } = await urldrop(dir.path, ['run', `${site.url}/1`]);

  expect([code, stdout]).toEqual([0, '']);
  expect(stderr).toContain('blocked-address');
  expect(site.log).toEqual([]);
});

test('a job that follows links ends when the last page is done', async () => {
  using dir = tempDir();
  const { code, stdout } = await urldrop(dir.path, ['demo']);

  expect(code).toBe(0);
  expect(stdout).toContain('252 pages, 240 items');
  expect(stdout).toMatch(/title +author +price +stock/);
  expect(stdout).toContain('urldrop export shop-');
});
