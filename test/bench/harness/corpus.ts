import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Where Debian's packages put their documentation: pages as many tools have written them. */
export const packages: Readonly<Record<string, string>> = {
  'apache2-doc': '/usr/share/doc/apache2-doc/manual',
  'cppreference-doc-en-html': '/usr/share/cppreference/doc/html',
  'libstdc++-12-doc': '/usr/share/doc/libstdc++-12-doc',
  'postgresql-doc-15': '/usr/share/doc/postgresql-doc-15',
  'python3.11-doc': '/usr/share/doc/python3.11',
};

/** A page of a corpus: its file, and the path that it is served under. */
export interface CorpusPage {
  readonly file: string;
  readonly path: string;
  readonly bytes: number;
}

/**
 * Pages of all packages, in an order that is the same every time and mixes them.
 *
 * @param count - where there are not as many, they come again under other URLs.
 * @throws {Error} naming what to install where a package is missing.
 */
export function corpus(count: number): CorpusPage[] {
  const missing = Object.keys(packages).filter((name) => !existsSync(packages[name] ?? ''));
  if (missing.length > 0) throw new Error(`The pages of the benchmark are missing. On Debian: apt-get install ${missing.join(' ')}`);
  const pages = Object.entries(packages)
    .flatMap(([name, folder]) => filesOf(folder).map((file) => ({ file, path: `/${encodeURI(join(name, relative(folder, file)))}` })))
    .map((page) => ({ ...page, rank: createHash('sha1').update(page.path).digest('hex') }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, count)
    .map(({ file, path }) => ({ file, path, bytes: statSync(file).size }));
  return Array.from({ length: count }, (_, i) => {
    const page = pages[i % pages.length] as CorpusPage;
    const round = Math.floor(i / pages.length);
    return round === 0 ? page : { ...page, path: `${page.path}?${round}` };
  });
}

function filesOf(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
  // Packages may hold links to files of others that are not there; names that a URL spells otherwise are left out.
  return names
    .filter((name) => !/[^\w./+~-]/.test(name))
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}
