import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { createClients } from '../../../functions/aws/clients.ts';
import { ObjectStore } from '../../../functions/aws/objects.ts';
import { LOCAL_BUCKET, startEmbeddedAws, type EmbeddedAws } from '../../../infra/local/embedded-aws.ts';
import { settings } from '../../../infra/settings.ts';
import { tempDir } from './clouds.ts';

/** SQS and S3 on a data directory, for as long as `use` runs. */
async function withAws<T>(dataDir: string, use: (objects: ObjectStore, aws: EmbeddedAws) => Promise<T>): Promise<T> {
  const aws = await startEmbeddedAws({ dataDir });
  const { s3, sqs } = createClients(true, { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
  try {
    return await use(new ObjectStore(s3, LOCAL_BUCKET), aws);
  } finally {
    s3.destroy();
    sqs.destroy();
    await aws.stop();
  }
}

function changeDatabase(dataDir: string, sql: string): void {
  const database = new DatabaseSync(join(dataDir, 'aws', 'fauxqs.db'));
  database.exec(sql);
  database.close();
}

test('a process killed while it overwrites objects leaves each one whole, and its event with it', async () => {
  using dir = tempDir();
  let uploads = 0;
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'overwriter.ts'), dir.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    // Its first line says that it overwrites; from there on any moment will do.
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');

    await withAws(dir.path, async (objects, aws) => {
      const listed = await Array.fromAsync(objects.list('urls/'));
      expect(listed.length).toBeGreaterThan(0);
      for (const { key, size } of listed) {
        const body = await objects.get(key);
        expect(body?.length).toBe(size);
        const [sum, ...rest] = (body?.toString('latin1') ?? '').split('\n');
        expect(createHash('sha256').update(rest.join('\n')).digest('hex')).toBe(sum);
      }
      const due = aws.uploads.pending();
      expect(due.length).toBeGreaterThan(uploads);
      uploads = due.length;
      // The last event of each object is that of its last write.
      for (const { key, modifiedAt } of listed) expect(due.findLast((u) => u.key === key)?.at).toBe(modifiedAt.toISOString());
    });
  }
});

test('parts of an upload that was under way are gone after a restart', async () => {
  using dir = tempDir();
  await withAws(dir.path, async (_objects, aws) => {
    const started = await fetch(`${aws.endpoint}/${LOCAL_BUCKET}/large?uploads`, { method: 'POST' });
    const id = /<UploadId>(.*)<\/UploadId>/.exec(await started.text())?.[1];
    const part = await fetch(`${aws.endpoint}/${LOCAL_BUCKET}/large?uploadId=${id}&partNumber=1`, {
      method: 'PUT',
      body: 'x'.repeat(1000),
    });
    expect(part.status).toBe(200);
  });
  await withAws(dir.path, async () => {});
  const database = new DatabaseSync(join(dir.path, 'aws', 'fauxqs.db'));
  expect(database.prepare('SELECT count(*) AS parts FROM s3_multipart_parts').get()).toEqual({ parts: 0 });
  database.close();
});

test('internal objects expire as the bucket’s lifecycle says, users’ objects do not', async () => {
  using dir = tempDir();
  const days = settings.bucket.expireDays['outcomes/'];
  await withAws(dir.path, async (objects) => {
    for (const key of ['outcomes/job/old', 'outcomes/job/young', 'results/old']) await objects.put(key, 'x');
  });
  const daysAgo = (n: number) => new Date(Date.now() - n * 86_400_000).toISOString();
  changeDatabase(dir.path, `UPDATE s3_objects SET last_modified = '${daysAgo(days + 1)}' WHERE key LIKE '%old'`);
  changeDatabase(dir.path, `UPDATE s3_objects SET last_modified = '${daysAgo(days - 1)}' WHERE key LIKE '%young'`);
  const left = await withAws(dir.path, (objects) => Array.fromAsync(objects.list(''), (o) => o.key));
  expect(left).toEqual(['outcomes/job/young', 'results/old']);
});

test('a start does not read the bodies of objects', async () => {
  using dir = tempDir();
  await withAws(dir.path, async () => {});
  const database = new DatabaseSync(join(dir.path, 'aws', 'fauxqs.db'), { readOnly: true });
  // With pointer maps SQLite skips the pages of a long value; without, it has to walk through them.
  expect(database.prepare('PRAGMA auto_vacuum').get()).toEqual({ auto_vacuum: 2 });
  expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  database.close();
});
