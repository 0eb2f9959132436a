import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Starts a program of this folder that answers over IPC. */
export function startChild(file: string, options: { env?: Record<string, string>; execArgv?: readonly string[] } = {}): ChildProcess {
  return fork(join(import.meta.dirname, file), {
    env: { ...process.env, ...options.env },
    ...(options.execArgv && { execArgv: [...options.execArgv] }),
    // Functions log what nobody reads here.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** Sends a message, and gives the next one that comes back. @throws {Error} if the process ends instead. */
export async function ask<T>(child: ChildProcess, message?: object | number): Promise<T> {
  const ended = new AbortController();
  const answer = once(child, 'message', { signal: ended.signal });
  const end = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`${child.spawnargs.at(-1)} ended with ${code} before it had an answer.`);
  });
  if (message !== undefined) child.send(message);
  try {
    return ((await Promise.race([answer, end])) as [T])[0];
  } finally {
    ended.abort();
    // One of the two was given up just now.
    await Promise.allSettled([answer, end]);
  }
}

/** Lets a process go, and waits until it has. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}
