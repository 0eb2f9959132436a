import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ResultLine } from '../../../functions/job/result.ts';
import type { Summary } from '../../../functions/job/summary.ts';
import { tempDir } from '../local/clouds.ts';
import { start, startSite, urldrop, urlList } from './command.ts';

async function finishedJob(cwd: string, args: readonly string[]): Promise<string> {
  const { stdout } = await urldrop(cwd, ['run', ...args, '--allow-private', '--json']);
  return (JSON.parse(stdout) as Summary).id;
}

function byUrl<T extends { url?: unknown }>(rows: T[]): T[] {
  return rows.toSorted((a, b) => String(a.url).localeCompare(String(b.url)));
}

test('jobs lists what has run, newest first, and status tells one of them', async () => {
  using dir = tempDir();
  await using site = await startSite();
  const first = await finishedJob(dir.path, [`${site.url}/1`]);
  const second = await finishedJob(dir.path, [`${site.url}/{1..3}`, `${site.url}/gone`]);

  const jobs = await urldrop(dir.path, ['jobs']);
  const rows = jobs.stdout.trim().split('\n').slice(2);
  expect(rows.map((row) => row.trim().split(/ {2,}/).slice(0, 5))).toEqual([
    [second, 'finished', '4', '3', '1'],
    [first, 'finished', '1', '1', '0'],
  ]);

  const status = await urldrop(dir.path, ['status', second]);
  expect(status.stdout).toContain(`Job ${second} finished`);
  expect(status.stdout).toMatch(/http-404 +1/);
  const json = await urldrop(dir.path, ['status', second, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ id: second, requests: { total: 4 } });
  const typo = await urldrop(dir.path, ['status', `${first.slice(0, -1)}!`]);
  expect([typo.code, typo.stderr]).toEqual([2, expect.stringContaining(`Did you mean ${first}?`)]);
});

test('export writes what a job has brought, as JSON Lines, CSV and Parquet', async () => {
  using dir = tempDir();
  await using site = await startSite();
  writeFileSync(join(dir.path, 'urls.csv'), `url,rank\n${site.url}/1,5\n${site.url}/2,\n`);
  const job = await finishedJob(dir.path, ['urls.csv']);

  const { stdout } = await urldrop(dir.path, ['export', job]);
  const lines = byUrl(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ResultLine),
  );
  expect(lines.map((l) => l.url)).toEqual([`${site.url}/1`, `${site.url}/2`]);

  expect((await urldrop(dir.path, ['export', job, '--out', 'all.jsonl'])).code).toBe(0);
  expect(readFileSync(join(dir.path, 'all.jsonl'), 'utf8')).toBe(stdout);

  expect((await urldrop(dir.path, ['export', job, '--out', 'all.parquet'])).code).toBe(0);
  const rows = (await parquetReadObjects({ file: await asyncBufferFromFile(join(dir.path, 'all.parquet')) })) as Record<string, unknown>[];
  const [first, second] = byUrl(rows);
  expect(first).toMatchObject({ url: `${site.url}/1`, status: 200, title: 'Page 1', rank: '5' });
  expect(JSON.parse(String(first?.['headings']))).toEqual([{ level: 1, text: '/1' }]);
  expect(second).toMatchObject({ title: 'Page 2', status: 200 });
});

test('cancel stops a running job from another terminal; what it has done is kept', async () => {
  using dir = tempDir();
  await using site = await startSite();
  writeFileSync(join(dir.path, 'urls.txt'), urlList(site, 5_000));
  const running = start(dir.path, ['run', 'urls.txt', '--allow-private', '--delay', '100', '--out', 'out.jsonl']);
  await site.requested(3);
  const [{ id }] = JSON.parse((await urldrop(dir.path, ['jobs', '--json'])).stdout) as [Summary];

  const cancel = await urldrop(dir.path, ['cancel', id]);
  expect([cancel.code, cancel.stderr]).toEqual([0, expect.stringContaining(`Job ${id} stops within a slice`)]);
  const { code, stderr } = await running.ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/Job \S+ cancelled after/);
  expect(stderr).toMatch(/skipped: [\d,]+ cancelled/);
  const kept = readFileSync(join(dir.path, 'out.jsonl'), 'utf8').trim().split('\n').length;
  expect(kept).toBeGreaterThanOrEqual(3);
  expect(kept).toBeLessThanOrEqual(site.log.length);
  expect((await urldrop(dir.path, ['cancel', id])).stderr).toContain('has cancelled already');
});

test('up takes files dropped with any S3 client, and status --watch follows the job from another terminal', async () => {
  using dir = tempDir();
  await using site = await startSite();
  const cloud = start(dir.path, ['up', '--allow-private']);
  await cloud.said(/Drop a file/);
  const out = await urldrop(dir.path, ['run', `${site.url}/1`]);
  expect(out.stderr).toContain('is in use by process');

  const { endpoint } = JSON.parse(readFileSync(join(dir.path, '.urldrop', 'owner.json'), 'utf8')) as { endpoint: string };
  // As plain as an S3 client can be.
  const put = await fetch(`${endpoint}/urldrop/urls/page/dropped.txt`, { method: 'PUT', body: urlList(site, 20) });
  expect(put.status).toBe(200);
  await site.requested(1);
  const [{ id }] = await jobsOf(dir.path);
  const { stdout } = await urldrop(dir.path, ['status', id, '--watch', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ state: 'finished', source: 'urls/page/dropped.txt', requests: { total: 20, succeeded: 20 } });

  cloud.child.kill('SIGTERM');
  expect((await cloud.ended).code).toBe(0);
});

/** As soon as there is one. */
async function jobsOf(cwd: string): Promise<[Summary]> {
  for (;;) {
    const { stdout } = await urldrop(cwd, ['jobs', '--json']);
    const [first] = JSON.parse(stdout) as Summary[];
    if (first) return [first];
  }
}

test('retry takes up the failed requests of a job as its next attempt, which a run or a running cloud works', async () => {
  using dir = tempDir();
  await using site = await startSite();
  writeFileSync(join(dir.path, 'urls.csv'), `url,rank\n${site.url}/1,1\n${site.url}/gone/a,2\n${site.url}/gone/b,3\nno url,4\n`);
  const job = await finishedJob(dir.path, ['urls.csv']);

  const none = await urldrop(dir.path, ['retry', job, '--code', 'timeout']);
  expect([none.code, none.stderr]).toEqual([
    2,
    expect.stringContaining('has no failed request with code timeout. Those that failed: http-404 (2)'),
  ]);
  // Typed twice: one attempt.
  const [retry] = [await urldrop(dir.path, ['retry', job]), await urldrop(dir.path, ['retry', job])];
  expect(retry.stderr).toContain(`Attempt 2 of job ${job} takes up 2 failed requests again. Run it: urldrop run --resume ${job}`);

  site.mend();
  const { stdout } = await urldrop(dir.path, ['run', '--resume', job, '--allow-private']);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ResultLine);
  expect(byUrl(lines).map((l) => [l.url.slice(site.url.length), l.data])).toEqual([
    ['/1', { rank: '1' }],
    ['/gone/a', { rank: '2' }],
    ['/gone/b', { rank: '3' }],
  ]);
  const status = JSON.parse((await urldrop(dir.path, ['status', job, '--json'])).stdout) as Summary;
  expect(status).toMatchObject({ attempt: 2, state: 'finished', requests: { total: 4, succeeded: 3, failed: 1, pending: 0 } });
  const again = await urldrop(dir.path, ['retry', job]);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('has no failed request.')]);
});
