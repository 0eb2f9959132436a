import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createClients } from '../../../functions/aws/clients.ts';
import { ObjectStore } from '../../../functions/aws/objects.ts';
import { keys, prefixes } from '../../../functions/job/keys.ts';
import type { ResultLine } from '../../../functions/job/result.ts';
import type { Summary } from '../../../functions/job/summary.ts';
import { LOCAL_BUCKET, startEmbeddedAws } from '../../../infra/local/embedded-aws.ts';
import { tempDir } from '../local/clouds.ts';
import { start, startSite, urldrop, urlList } from './command.ts';

const COUNT = 400;
/** With a pause between them. */
const SLOWLY = 120;

function urlsIn(file: string): string[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as ResultLine).url)
    .toSorted();
}

for (const afterRequests of [1, 150, 399]) {
  test(`a run killed after ${afterRequests} requests is finished by --resume, each page once`, async () => {
    using dir = tempDir();
    await using site = await startSite();
    writeFileSync(join(dir.path, 'urls.txt'), urlList(site, COUNT));
    const killed = start(dir.path, ['run', 'urls.txt', '--allow-private', '--concurrency', '16']);
    await site.requested(afterRequests);
    killed.child.kill('SIGKILL');
    expect((await killed.ended).signal).toBe('SIGKILL');
    const job = await onlyJob(dir.path);

    const { code, stderr } = await urldrop(dir.path, ['run', '--resume', job, '--allow-private', '--out', 'out.jsonl']);

    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`${COUNT} requests: ${COUNT} succeeded, 0 failed`));
    expect(urlsIn(join(dir.path, 'out.jsonl'))).toEqual(urlList(site, COUNT).trim().split('\n').toSorted());
  });
}

async function onlyJob(cwd: string): Promise<string> {
  const { stdout } = await urldrop(cwd, ['jobs', '--json']);
  const [job] = JSON.parse(stdout) as [Summary];
  return job.id;
}

test('Ctrl-C finishes what is under way, says how to resume, and nothing is fetched twice', async () => {
  using dir = tempDir();
  await using site = await startSite();
  writeFileSync(join(dir.path, 'urls.txt'), urlList(site, SLOWLY));
  const stopped = start(dir.path, ['run', 'urls.txt', '--allow-private', '--delay', '20', '--out', 'out.jsonl']);
  await site.requested(20);
  stopped.child.kill('SIGINT');
  const { code, stderr } = await stopped.ended;

  expect(code).toBe(1);
  expect(stderr).toContain('Stopping: what is under way is finished first');
  const [, resume = ''] = /Finish the job with: urldrop (run --resume .*)/.exec(stderr) ?? [];
  expect(resume).toMatch(/^run --resume page-\S+ --allow-private --out out\.jsonl$/);

  const resumed = await urldrop(dir.path, resume.split(' '));
  expect(resumed.code).toBe(0);
  expect(urlsIn(join(dir.path, 'out.jsonl'))).toEqual(urlList(site, SLOWLY).trim().split('\n').toSorted());
  expect(site.log.length).toBe(SLOWLY);
});

test('another run in between leaves the interrupted job alone and says that it waits', async () => {
  using dir = tempDir();
  await using site = await startSite();
  writeFileSync(join(dir.path, 'urls.txt'), urlList(site, SLOWLY));
  const killed = start(dir.path, ['run', 'urls.txt', '--allow-private', '--delay', '20']);
  await site.requested(20);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const before = site.log.length;

  const other = await urldrop(dir.path, ['run', `${site.url}/other`, '--allow-private']);
  expect(other.code).toBe(0);
  const [, job = ''] = /Interrupted earlier and waiting: (\S+) /.exec(other.stderr) ?? [];
  expect(site.log.slice(before)).toEqual(['/other']);

  const { code } = await urldrop(dir.path, ['run', '--resume', job, '--allow-private', '--out', 'out.jsonl']);
  expect(code).toBe(0);
  expect(urlsIn(join(dir.path, 'out.jsonl'))).toEqual(urlList(site, SLOWLY).trim().split('\n').toSorted());
});

test('a second Ctrl-C stops at once, and the job is finished all the same', async () => {
  using dir = tempDir();
  await using site = await startSite();
  site.gate(false);
  const stopped = start(dir.path, ['run', `${site.url}/{1..3}`, '--allow-private']);
  await site.requested(3);
  stopped.child.kill('SIGINT');
  await stopped.said(/Stopping/);
  stopped.child.kill('SIGINT');
  expect((await stopped.ended).code).toBe(130);
  site.gate(true);

  const job = await onlyJob(dir.path);
  const { code, stdout } = await urldrop(dir.path, ['run', '--resume', job, '--allow-private']);
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(3);
});

test('a finished job resumed only exports again', async () => {
  using dir = tempDir();
  await using site = await startSite();
  const first = await urldrop(dir.path, ['run', `${site.url}/1`, '--allow-private', '--json']);
  const { id } = JSON.parse(first.stdout) as { id: string };

  const { code, stdout } = await urldrop(dir.path, ['run', '--resume', id, '--allow-private']);
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as ResultLine).url).toBe(`${site.url}/1`);
  expect(site.log).toEqual(['/1']);
});

test('a job killed between its last batch and the end of its report has ended for good when it is resumed', async () => {
  using dir = tempDir();
  await using site = await startSite();
  const { id } = JSON.parse((await urldrop(dir.path, ['run', `${site.url}/1`, '--allow-private', '--json'])).stdout) as { id: string };
  await inBucketOf(dir.path, async (objects) => {
    await objects.put(keys.active(id), '');
    for (const key of [keys.summary(id), keys.finished(id)]) await objects.delete(key);
  });
  expect((await urldrop(dir.path, ['run', '--resume', id, '--allow-private'])).code).toBe(0);
  await inBucketOf(dir.path, async (objects) => {
    expect(await objects.getJson(keys.finished(id))).toMatchObject({ id, state: 'finished' });
    expect(await Array.fromAsync(objects.list(prefixes.active))).toEqual([]);
  });
});

async function inBucketOf(cwd: string, use: (objects: ObjectStore) => Promise<void>): Promise<void> {
  const aws = await startEmbeddedAws({ dataDir: join(cwd, '.urldrop') });
  const { s3 } = createClients(true, aws);
  await use(new ObjectStore(s3, LOCAL_BUCKET));
  s3.destroy();
  await aws.stop();
}
