import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../../functions/job/errors.ts';
import { lockDataDir } from './data-dir-lock.ts';

export const DEFAULT_DATA_DIR = '.urldrop';

/** The files of one local cloud. */
export interface DataDir {
  readonly path: string;
  /** What the functions log, one JSON line each. */
  readonly log: string;
  /** Tells other commands where the S3 of this directory answers. */
  announce(endpoint: string): void;
  release(): void;
}

/**
 * Makes the directory where it is missing and locks it.
 *
 * @throws {UsageError} `data-dir` if it cannot be written, `data-dir-busy` if another process has it.
 */
export function openDataDir(dir: string): DataDir {
  const path = resolve(dir);
  try {
    makeFolder(path);
    accessSync(path, constants.W_OK);
    const lock = lockDataDir(path);
    return {
      path,
      log: join(path, 'functions.log'),
      announce: (endpoint) => lock.announce(endpoint),
      release: () => lock.release(),
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      'data-dir',
      `Cannot write to the data directory ${path}: ${reason(error)}. Choose another with --data-dir DIR.`,
      error,
    );
  }
}

/** As `mkdir -p`. Node's own recursive form never comes back where a file system answers ENOENT below a folder that is there, as /proc does. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function reason(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'a part of the path is a file';
    case 'ENOSPC':
      return 'the disk is full';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
