import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The project that this command is part of: where its scrapers and tests lie. */
export const PROJECT = dirname(dirname(import.meta.dirname));

/** Brings files into the project's format, where its formatter is installed; elsewhere they stay as they were written. */
export function format(files: readonly string[]): void {
  const oxfmt = join(PROJECT, 'node_modules/oxfmt/bin/oxfmt');
  if (existsSync(oxfmt)) spawnSync(process.execPath, [oxfmt, ...files], { cwd: PROJECT, stdio: 'ignore' });
}
