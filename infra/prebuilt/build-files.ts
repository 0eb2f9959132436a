import { isAscii } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { createRequire, getCompileCacheDir } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { PREBUILT, putWhole } from './build.ts';

/** What a file of the build exports. */
type Exports = Readonly<Record<string, unknown>>;

/** What a file of the build is a function of, beside what a CommonJS module knows. */
interface Place {
  readonly path: string;
  readonly url: string;
  /** In place of `import()`, which a script has not. */
  readonly load: (name: string) => Promise<unknown>;
}
type Body = (exports: object, require: (name: string) => unknown, module: { exports: Exports }, place: Place) => void;

interface Loaded {
  readonly module: { exports: Exports };
  readonly script: Script;
  /** The engine had its code from an earlier run. */
  readonly hasCode: boolean;
}

const require = createRequire(join(PREBUILT, 'index.json'));
/** Another version of the engine, or other flags, make other code. */
const tag = cachedDataVersionTag().toString(16);
const files = new Map<string, Loaded>();
/** Of the checksum before a file's code; eight, since the engine wants the code aligned. */
const SEAL_BYTES = 8;

const isFile = (name: string): boolean => name.startsWith('./');

/**
 * Loads a file of the build, once. Scripts and not ES modules: of a module Node keeps only the code of what runs when it is loaded, of a
 * script the engine gives that of all functions that have run. Compiling them anew was a fifth of the CPU time of a run of one page.
 */
export function loadFile(file: string): Exports {
  const known = files.get(file);
  if (known) return known.module.exports;
  const path = join(PREBUILT, file);
  const bytes = readFileSync(path);
  const cachedData = codeOf(file);
  const script = new Script(bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8'), {
    filename: path,
    ...(cachedData && { cachedData }),
  });
  const module = { exports: {} };
  files.set(file, { module, script, hasCode: cachedData !== undefined && script.cachedDataRejected !== true });
  const body = script.runInThisContext() as Body;
  const { href: url } = pathToFileURL(path);
  body(module.exports, (name) => (isFile(name) ? loadFile(name.slice(2)) : require(name)), module, {
    path,
    url,
    load: async (name) => (isFile(name) ? loadFile(name.slice(2)) : import(new URL(name, url).href)),
  });
  return module.exports;
}

/** Keeps the code of all files loaded, for the next runs, if that of one was not there: to be called when all that matters has run. */
export function keepCode(): void {
  const loaded = [...files];
  if (loaded.every(([, { hasCode }]) => hasCode)) return;
  for (const [file, { script }] of loaded) {
    const place = codePlace(file);
    if (place === undefined) return;
    try {
      putWhole(place, sealed(script.createCachedData()));
    } catch {
      // No room, or not allowed: it is compiled again.
    }
  }
}

function codeOf(file: string): Buffer | undefined {
  const place = codePlace(file);
  try {
    return place === undefined ? undefined : unsealed(readFileSync(place));
  } catch {
    // It has not been loaded before.
    return undefined;
  }
}

/** The engine takes code on trust, and a file that was half on the disk when the power went would end every run from then on. */
function sealed(code: Buffer): Buffer {
  const seal = Buffer.alloc(SEAL_BYTES);
  seal.writeUInt32LE(crc32(code));
  return Buffer.concat([seal, code]);
}

function unsealed(bytes: Buffer): Buffer | undefined {
  const code = bytes.subarray(SEAL_BYTES);
  return bytes.length > SEAL_BYTES && bytes.readUInt32LE() === crc32(code) ? code : undefined;
}

/** With the code of modules that Node keeps, where it does. Of what both load, the command and its threads run different functions. */
function codePlace(file: string): string | undefined {
  const folder = getCompileCacheDir();
  return folder === undefined ? undefined : join(folder, `urldrop-${file}-${isMainThread ? 'command' : 'thread'}-${tag}`);
}
