import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const ROOT = dirname(dirname(import.meta.dirname));

/** Where the build lies: with the packages that it is made of, so that `npm ci` clears it away. */
export const PREBUILT = join(ROOT, 'node_modules/.cache/urldrop');

/** Says which files lie in {@link PREBUILT} and what is in them. */
const INDEX = 'index.json';
/** Sizes and times that the sources had when they were last found to be those of the build. */
const SEEN = 'seen.json';
/** What lies there beside a build's own files. */
export const NOTES: readonly string[] = [INDEX, SEEN];

/** A build: modules of ours, and the packages that they import, in a few files. */
export interface Build {
  /** {@link hashOf} the sources. */
  readonly madeOf: string;
  /** Files, from the project's folder. */
  readonly sources: readonly string[];
  /** Files of the build that hand modules on, by name. */
  readonly entries: Readonly<Record<string, string>>;
  /** By path from the project's folder, or by the name that a package is imported by. */
  readonly modules: Readonly<Record<string, BuiltModule>>;
}

export interface BuiltModule {
  /** Before the names of what it exports, in an entry. */
  readonly prefix: string;
  /** Names of the entries that have it, those that load least first. */
  readonly entries: readonly string[];
  readonly exports: readonly string[];
}

interface Seen {
  readonly madeOf: string;
  readonly stamps: string;
}

/** @throws where a file is not there. */
export function hashOf(sources: readonly string[]): string {
  // Most starts need no hash.
  const { hash } = process.getBuiltinModule('node:crypto');
  return hash('sha1', sources.map((file) => readFileSync(join(ROOT, file), 'latin1')).join('\0'), 'hex');
}

/** The build, if it is of what the sources are now; undefined where there is none, or a source is another. */
export function currentBuild(): Build | undefined {
  try {
    const build = JSON.parse(read(INDEX)) as Build;
    const seen = stampsOf(build.sources);
    if (isSeen(build, seen)) return build;
    if (build.madeOf !== hashOf(build.sources)) return undefined;
    noteSeen({ madeOf: build.madeOf, stamps: seen });
    return build;
  } catch {
    // A file is not there.
    return undefined;
  }
}

/** Makes a build the one that is used from now on. */
export function noteBuild(build: Build): void {
  putWhole(join(PREBUILT, INDEX), JSON.stringify(build));
  currentBuild();
}

/** Writes a file at once: whoever reads it meanwhile finds the old or the new. */
export function putWhole(path: string, contents: Uint8Array | string): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, contents);
  renameSync(draft, path);
}

function isSeen({ madeOf }: Build, stamps: string): boolean {
  try {
    const seen = JSON.parse(read(SEEN)) as Seen;
    return seen.madeOf === madeOf && seen.stamps === stamps;
  } catch {
    // Nobody has looked yet.
    return false;
  }
}

function noteSeen(seen: Seen): void {
  try {
    putWhole(join(PREBUILT, SEEN), JSON.stringify(seen));
  } catch {
    // Packages of another user's: the sources are read each time.
  }
}

/** The time of the last change is the file system's own: nobody can set it back. */
function stampsOf(sources: readonly string[]): string {
  let stamps = '';
  for (const file of sources) {
    // Not joined: that looks at each letter, two hundred times over.
    const { size, ctimeMs } = statSync(`${ROOT}/${file}`);
    stamps += `${size} ${ctimeMs}\n`;
  }
  return stamps;
}

function read(file: string): string {
  return readFileSync(join(PREBUILT, file), 'utf8');
}
