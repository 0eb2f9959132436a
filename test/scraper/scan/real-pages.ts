import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian's packages of the same name put their documentation: pages as many tools have written them. */
const FOLDERS: Readonly<Record<string, string>> = {
  'cppreference-doc-en-html': '/usr/share/cppreference/doc/html',
  'libstdc++-12-doc': '/usr/share/doc/libstdc++-12-doc',
  'postgresql-doc-15': '/usr/share/doc/postgresql-doc-15',
  'python3.11-doc': '/usr/share/doc/python3.11',
};

export const packages = Object.keys(FOLDERS);

/** Up to `max` pages of a package, evenly from all of them, in the same choice every time; none where it is not installed. */
export function pagesOf(name: string, max: number): { readonly path: string; readonly body: Buffer }[] {
  const files = filesOf(FOLDERS[name] ?? '');
  const step = Math.max(1, files.length / max);
  const chosen = Array.from({ length: Math.min(max, files.length) }, (_, i) => files[Math.floor(i * step)] ?? '');
  return chosen.map((path) => ({ path, body: readFileSync(path) }));
}

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.html'));
  // Packages may hold links to files of others that are not there.
  return paths
    .map((path) => join(folder, path))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .toSorted();
}
