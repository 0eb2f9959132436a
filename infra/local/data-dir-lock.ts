import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UsageError } from '../../functions/job/errors.ts';

export interface DataDirLock {
  release(): void;
}

/**
 * Takes a data directory for this process alone. The lock is SQLite's on an empty database, that is the operating system's on
 * a file: it ends with the process however that ends, so none is ever stale, whatever process ids mean inside a container.
 *
 * @throws {UsageError} code `data-dir-busy`, naming the process that holds it.
 */
export function lockDataDir(dir: string): DataDirLock {
  const owner = join(dir, 'owner.json');
  const db = new DatabaseSync(join(dir, 'lock.db'));
  try {
    // A journal in memory: the lock must not need another file.
    db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (!/database is locked/.test(String(error))) throw error;
    throw new UsageError(
      'data-dir-busy',
      `The data directory ${dir} is in use${describe(owner)}. Wait for it to end, or choose another with --data-dir DIR.`,
      error,
    );
  }
  writeFileSync(owner, JSON.stringify({ pid: process.pid, since: new Date().toISOString(), command: process.argv.slice(2).join(' ') }));
  return {
    release() {
      rmSync(owner, { force: true });
      db.close();
    },
  };
}

function describe(owner: string): string {
  try {
    const { pid, since, command } = JSON.parse(readFileSync(owner, 'utf8')) as Record<string, string>;
    return ` by process ${pid} (urldrop ${command}, since ${since})`;
  } catch {
    // It holds the lock but has not written who it is yet.
    return ' by another urldrop';
  }
}
