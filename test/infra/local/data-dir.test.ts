import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../../functions/job/errors.ts';
import { openDataDir } from '../../../infra/local/data-dir.ts';
import { tempDir } from './clouds.ts';

function refusal(open: () => unknown): UsageError {
  try {
    open();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

test('two clouds on one data directory: the second is told who has it', () => {
  using dir = tempDir();
  const first = openDataDir(dir.path);
  const { code, message } = refusal(() => openDataDir(dir.path));
  expect(code).toBe('data-dir-busy');
  expect(message).toContain(dir.path);
  expect(message).toContain(`process ${process.pid}`);
  expect(message).toContain('--data-dir');
  first.release();
  openDataDir(dir.path).release();
});

test('a directory whose process was killed is free again', async () => {
  using dir = tempDir();
  const holder = `
    const { openDataDir } = await import(${JSON.stringify(new URL('../../../infra/local/data-dir.ts', import.meta.url).href)});
    // Kept: a database that nothing refers to is closed, and its lock with it.
    globalThis.held = openDataDir(process.argv[1]);
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', holder, dir.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  expect(refusal(() => openDataDir(dir.path)).message).toContain(`process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  openDataDir(dir.path).release();
});

test('a directory that cannot be made or written is named with the reason', () => {
  using dir = tempDir();
  const file = join(dir.path, 'file');
  writeFileSync(file, '');
  expect(refusal(() => openDataDir(join(file, 'data'))).message).toBe(
    `Cannot write to the data directory ${join(file, 'data')}: a part of the path is a file. Choose another with --data-dir DIR.`,
  );
  expect(refusal(() => openDataDir(file)).code).toBe('data-dir');
});

test.runIf(existsSync('/proc/self'))('a directory on a file system that makes none is refused, too', () => {
  expect(refusal(() => openDataDir('/proc/urldrop/data')).message).toMatch(/^Cannot write to the data directory \/proc\/urldrop\/data: /);
});

test.skipIf(process.getuid?.() === 0)('a directory without write permission is refused (root may write anywhere)', () => {
  using dir = tempDir();
  const closed = join(dir.path, 'closed');
  mkdirSync(closed, { mode: 0o500 });
  expect(refusal(() => openDataDir(closed)).message).toContain('permission denied');
});
