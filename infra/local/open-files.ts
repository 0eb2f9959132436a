import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Files of this process that are no sockets to web servers: databases, modules, worker threads, connections to SQS and S3. */
const OWN_FILES = 512;
/** Where the system does not say: the least that is usual (macOS). */
const UNKNOWN_LIMIT = 10_240;

/** Connections that this process may hold beside what it opens for itself. Node has raised the soft limit to the hard one at its start. */
export function roomForSockets(): number {
  return Math.max(64, openFilesLimit() - OWN_FILES);
}

/**
 * Makes room for so many connections where the process may: a process of root's may raise the hard limit (Linux).
 *
 * @returns why there is less room than wanted, and what to do; undefined where there is enough.
 */
export function makeRoomForSockets(wanted: number): string | undefined {
  if (wanted <= roomForSockets()) return undefined;
  const files = wanted + OWN_FILES;
  if (process.getuid?.() === 0) spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${files}:${files}`], { stdio: 'ignore' });
  const room = roomForSockets();
  if (wanted <= room) return undefined;
  return `This process may open ${openFilesLimit()} files, so at most ${room} of ${wanted} requests are in flight at a time. For more, first type: ulimit -n ${files}`;
}

/** Files that the process may have open. */
function openFilesLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
  } catch {
    return UNKNOWN_LIMIT;
  }
}
