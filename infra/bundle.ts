import { build, type Metafile } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defer } from './bundling/defer.ts';
import { dropUnusedShapes } from './bundling/drop-shapes.ts';
import { leaveOut } from './bundling/leave-out.ts';
import { bundleOptions } from './bundling/options.ts';
import { packCode } from './bundling/pack-code.ts';
import { packTables } from './bundling/pack-tables.ts';
import { requireBuiltins } from './bundling/require-builtins.ts';
import { settings, type FunctionName } from './settings.ts';

const ROOT = dirname(import.meta.dirname);

/** A package as it lies in a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** Minified bytes. */
  readonly bytes: number;
}

/** What one function is deployed as: `index.mjs`, with its source map beside it. */
export interface FunctionBundle {
  readonly name: FunctionName;
  readonly code: Uint8Array;
  readonly map: Uint8Array;
  /** Largest first. */
  readonly packages: readonly BundledPackage[];
}

/**
 * Packages that may be in a bundle from this major version on. Cheerio's full entry point brings undici 7, where functions have a
 * newer one of their own, and parse5 7, which takes quadratic time on hostile pages.
 */
const leastMajor: Readonly<Record<string, number>> = { undici: 8, parse5: 8 };

/**
 * Builds every function into one minified ES module each, the AWS SDK included: pinned with the lock file, and faster to load than
 * the many files of the runtime's own.
 *
 * @param handlers - source of each function, relative to the project; its export `handler` is the function.
 * @throws {Error} naming the function and the package, if one is in it that must not be.
 */
export function bundleFunctions(
  handlers: Readonly<Partial<Record<FunctionName, string>>> = handlerFiles(),
): Promise<readonly FunctionBundle[]> {
  return Promise.all((Object.keys(handlers) as FunctionName[]).map((name) => bundleFunction(name, handlers[name] ?? '')));
}

async function bundleFunction(name: FunctionName, file: string): Promise<FunctionBundle> {
  const path = `dist/${name}/index.mjs`;
  const result = await build({
    ...bundleOptions,
    absWorkingDir: ROOT,
    entryPoints: [file],
    outfile: path,
    minify: true,
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [requireBuiltins, leaveOut(name), defer, packCode, packTables, dropUnusedShapes],
  });
  const output = (made: string): Uint8Array => {
    const found = result.outputFiles.find((f) => f.path === join(ROOT, made));
    if (!found) throw new Error(`esbuild gave no ${made}.`);
    return found.contents;
  };
  return { name, code: output(path), map: output(`${path}.map`), packages: packagesOf(name, result.metafile, path) };
}

function handlerFiles(): Record<FunctionName, string> {
  const names = Object.keys(settings.functions) as FunctionName[];
  return Object.fromEntries(names.map((name) => [name, `functions/${name}/handler.ts`])) as Record<FunctionName, string>;
}

/** Writes each bundle to a folder of its function's name. */
export function writeBundles(bundles: readonly FunctionBundle[], directory: string): void {
  for (const { name, code, map } of bundles) {
    mkdirSync(join(directory, name), { recursive: true });
    writeFileSync(join(directory, name, 'index.mjs'), code);
    writeFileSync(join(directory, name, 'index.mjs.map'), map);
  }
}

function packagesOf(name: string, metafile: Metafile, output: string): BundledPackage[] {
  const byFolder = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(metafile.outputs[output]?.inputs ?? {})) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
    if (folder !== undefined) byFolder.set(folder, (byFolder.get(folder) ?? 0) + bytesInOutput);
  }
  const packages = [...byFolder]
    .map(([folder, bytes]) => {
      const { name: packageName, version } = readManifest(folder);
      return { name: packageName, version, bytes };
    })
    .toSorted((a, b) => b.bytes - a.bytes);
  const unfit = packages.filter((p) => Number.parseInt(p.version, 10) < (leastMajor[p.name] ?? 0)).map((p) => `${p.name} ${p.version}`);
  if (unfit.length > 0) {
    throw new Error(
      `The bundle of ${name} holds ${unfit.join(' and ')}. Cheerio is imported as 'cheerio/slim' only: which file says otherwise?`,
    );
  }
  return packages;
}

function readManifest(folder: string): { readonly name: string; readonly version: string } {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { name: string; version: string };
}

// CDK constructs build synchronously and esbuild's plugins do not, so the stack runs this file as a command.
if (import.meta.main) {
  const directory = process.argv[2];
  if (directory === undefined) throw new Error('Name the folder to write to: node infra/bundle.ts FOLDER');
  try {
    writeBundles(await bundleFunctions(), directory);
  } catch (error) {
    // esbuild has printed its own messages, with places.
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
