import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UsageError } from '../../functions/job/errors.ts';

const OWNER_FILE = 'owner.json';

export interface Owner {
  readonly pid: number;
  /** ISO time. */
  readonly since: string;
  readonly command: string;
  readonly endpoint?: string;
}

export interface DataDirLock {
  /** Writes down where the holder's S3 answers. */
  announce(endpoint: string): void;
  release(): void;
}

/**
 * Takes a data directory for this process alone. The lock is SQLite's on an empty database, that is the operating system's on
 * a file: it ends with the process however that ends, so none is ever stale, whatever process ids mean inside a container.
 *
 * @throws {UsageError} code `data-dir-busy`, naming the process that holds it.
 */
export function lockDataDir(dir: string): DataDirLock {
  const owner = join(dir, OWNER_FILE);
  const db = new DatabaseSync(join(dir, 'lock.db'));
  try {
    // A journal in memory: the lock must not need another file.
    db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (!/database is locked/.test(String(error))) throw error;
    throw new UsageError(
      'data-dir-busy',
      `The data directory ${dir} is in use${describe(ownerOf(dir))}. Wait for it to end, or choose another with --data-dir DIR.`,
      error,
    );
  }
  const who: Owner = { pid: process.pid, since: new Date().toISOString(), command: process.argv.slice(2).join(' ') };
  writeFileSync(owner, JSON.stringify(who));
  return {
    announce: (endpoint) => writeFileSync(owner, JSON.stringify({ ...who, endpoint } satisfies Owner)),
    release() {
      rmSync(owner, { force: true });
      db.close();
    },
  };
}

/** Who holds a data directory; undefined where nobody has said so. */
export function ownerOf(dir: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, OWNER_FILE), 'utf8')) as Owner;
  } catch {
    // Free, or its holder has not written who it is yet.
    return undefined;
  }
}

function describe(owner: Owner | undefined): string {
  if (!owner) return ' by another urldrop';
  return ` by process ${owner.pid} (urldrop ${owner.command}, since ${owner.since})`;
}
