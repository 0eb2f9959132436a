#!/usr/bin/env node
// The only JavaScript of the project: it must run on any Node, to find the one that runs TypeScript.
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
/** New objects of the main thread, MB (each of three parts): V8 would let them take 16 before it looks for garbage. */
const SEMI_SPACE = '--max-semi-space-size=4';
/**
 * How glibc keeps memory. One heap for all threads: by its own rule it makes eight a core, each of which keeps what it once had. And what
 * is larger than the 64 KiB that a socket is read into goes back to the system as soon as it is free: left to itself, glibc keeps ever
 * larger pieces, and a long run grows with the holes between them.
 */
const MALLOC = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '69632' };
/** A file of some hundred URLs. */
const SHORT_FILE_BYTES = 8_192;

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  beginWithLessMemory(process.argv.slice(2));
  nodeModule.enableCompileCache();
  // Its first thread loads the functions while this one finds out what it is to do.
  if (process.argv[2] === 'run') (await import('../local/worker-thread.ts')).startSpareWorker();
  const { keepCode } = await import('../prebuilt/use-prebuilt.ts');
  process.once('exit', keepCode);
  const { main } = await import('./main.ts');
  const code = await main(process.argv.slice(2));
  // All is done and closed, and nobody needs to type any more. Left to itself, Node takes its heap down piece by piece, 12 ms.
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))));
  process.exit(code);
} else {
  const node = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
  if (existsSync(node)) {
    const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
    // The terminal sends Ctrl-C to both processes: the child decides, this one waits.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.on('exit', (code, signal) => {
      if (signal) process.kill(process.pid, signal === 'SIGINT' ? 'SIGTERM' : signal);
      else process.exitCode = code ?? 1;
    });
  } else {
    console.error(
      `urldrop: Node ${process.versions.node} is too old: ${NEEDED_MAJOR} is needed. Run "npm ci" in the project, which brings it along, or install it.`,
    );
    process.exitCode = 2;
  }
}

/**
 * Both limits can only be given to a process that begins, so this one begins again in its own place: 0.04 s, and a sixth of the memory
 * less. A few URLs, on the command line or in a file, need no such thing.
 *
 * @param {readonly string[]} args - of the command.
 */
function beginWithLessMemory(args) {
  const runsLong = args[0] === 'up' || (args[0] === 'run' && !args.some((arg) => /^https?:/i.test(arg)) && !isShortFile(args[1]));
  // Set: by the user, or here a moment ago. A process with a channel to its parent would lose it.
  if (!runsLong || process.platform !== 'linux' || 'MALLOC_ARENA_MAX' in process.env || process.channel) return;
  try {
    const own = [SEMI_SPACE, ...process.execArgv, fileURLToPath(import.meta.url), ...args];
    process.execve?.(process.execPath, [process.execPath, ...own], { ...MALLOC, ...process.env });
  } catch {
    // Not allowed here: it goes on as it is.
  }
}

/** @param {string | undefined} path - or whatever else stands behind `run`. */
function isShortFile(path = '') {
  try {
    const info = statSync(path);
    return info.isFile() && info.size <= SHORT_FILE_BYTES;
  } catch {
    return false;
  }
}
