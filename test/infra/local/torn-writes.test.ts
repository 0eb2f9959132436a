import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createClients } from '../../../functions/aws/clients.ts';
import { ObjectStore } from '../../../functions/aws/objects.ts';
import { LOCAL_BUCKET, startEmbeddedAws } from '../../../infra/local/embedded-aws.ts';
import { objectFiles, WriteUndo } from '../../../infra/local/write-undo.ts';
import { tempDir } from './clouds.ts';

/** A bucket on a data directory, for as long as `use` runs. */
async function withBucket<T>(dataDir: string, use: (objects: ObjectStore) => Promise<T>): Promise<T> {
  const aws = await startEmbeddedAws({ dataDir });
  const { s3, sqs } = createClients(true, aws);
  try {
    return await use(new ObjectStore(s3, LOCAL_BUCKET));
  } finally {
    s3.destroy();
    sqs.destroy();
    await aws.stop();
  }
}

const key = 'state/hosts/some lane.json';

// What a kill leaves after each of the file operations that overwrite an object, in their order.
const killedAfter: Record<string, (files: { data: string; meta: string }) => void> = {
  'the old files moved aside': () => {},
  'the new data was begun': ({ data }) => writeFileSync(data, 'ne'),
  'the new data was written': ({ data }) => writeFileSync(data, 'new'),
  'the new description was begun': ({ data, meta }) => {
    writeFileSync(data, 'new');
    writeFileSync(meta, '{"key":"st');
  },
  'the new description was written': ({ data, meta }) => {
    writeFileSync(data, 'new');
    writeFileSync(
      meta,
      JSON.stringify({ key, contentType: 'text/plain', contentLength: 3, etag: '"x"', lastModified: new Date(), metadata: {} }),
    );
  },
};

for (const [moment, leave] of Object.entries(killedAfter)) {
  test(`an overwrite killed when ${moment} leaves the old object`, async () => {
    using dir = tempDir();
    await withBucket(dir.path, (objects) => objects.put(key, 'old one'));
    const s3Dir = join(dir.path, 's3');
    new WriteUndo(s3Dir).begin(LOCAL_BUCKET, key, false);
    leave(objectFiles(s3Dir, LOCAL_BUCKET, key));

    expect(await withBucket(dir.path, (objects) => objects.getText(key))).toBe('old one');
  });

  test(`a first write killed when ${moment} leaves no object`, async () => {
    using dir = tempDir();
    await withBucket(dir.path, (objects) => objects.put('state/hosts/other', 'other'));
    const s3Dir = join(dir.path, 's3');
    new WriteUndo(s3Dir).begin(LOCAL_BUCKET, key, false);
    leave(objectFiles(s3Dir, LOCAL_BUCKET, key));

    await withBucket(dir.path, async (objects) => {
      expect(await objects.get(key)).toBeUndefined();
      expect(await Array.fromAsync(objects.list('state/'), (o) => o.key)).toEqual(['state/hosts/other']);
      await objects.put(key, 'again');
      expect(await objects.getText(key)).toBe('again');
    });
  });
}

test('a delete killed half way leaves the object', async () => {
  using dir = tempDir();
  await withBucket(dir.path, (objects) => objects.put(key, 'old one'));
  const s3Dir = join(dir.path, 's3');
  new WriteUndo(s3Dir).begin(LOCAL_BUCKET, key, false);
  rmSync(objectFiles(s3Dir, LOCAL_BUCKET, key).data, { force: true });

  expect(await withBucket(dir.path, (objects) => objects.getText(key))).toBe('old one');
});

test('overwrites, deletes and copies that nobody kills leave what was written last', async () => {
  using dir = tempDir();
  await withBucket(dir.path, async (objects) => {
    await objects.put(key, 'one');
    await objects.put(key, 'two');
    await objects.put('state/gone', 'x');
    await objects.delete('state/gone');
  });
  await withBucket(dir.path, async (objects) => {
    expect(await objects.getText(key)).toBe('two');
    expect(await objects.get('state/gone')).toBeUndefined();
  });
});

test('files that a crash of the machine cut short are taken for objects never written', async () => {
  using dir = tempDir();
  await withBucket(dir.path, async (objects) => {
    for (const name of ['a', 'b', 'c', 'd']) await objects.put(`results/${name}`, name);
  });
  const file = (name: string) => objectFiles(join(dir.path, 's3'), LOCAL_BUCKET, `results/${name}`);
  truncateSync(file('b').meta, 10);
  truncateSync(file('c').meta, 0);
  rmSync(file('d').data);

  await withBucket(dir.path, async (objects) => {
    expect(await Array.fromAsync(objects.list('results/'), (o) => o.key)).toEqual(['results/a']);
    await objects.put('results/b', 'again');
    expect(await objects.getText('results/b')).toBe('again');
  });
});

test('a process killed while it overwrites objects leaves each one whole', async () => {
  using dir = tempDir();
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'overwriter.ts'), dir.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    // Its first line says that it overwrites; from there on any moment will do.
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');

    await withBucket(dir.path, async (objects) => {
      const listed = await Array.fromAsync(objects.list('state/'));
      expect(listed.length).toBeGreaterThan(0);
      for (const { key: at, size } of listed) {
        const body = await objects.get(at);
        expect(body?.length).toBe(size);
        const [sum, ...rest] = (body?.toString('latin1') ?? '').split('\n');
        expect(createHash('sha256').update(rest.join('\n')).digest('hex')).toBe(sum);
      }
    });
    expect(() => readFileSync(join(dir.path, 's3', '_undo', 'write.json'))).toThrow('ENOENT');
  }
});
