import { build as esbuild, transform, type Metafile } from 'esbuild';
import { readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { defer } from '../bundling/defer.ts';
import { dropUnusedShapes } from '../bundling/drop-shapes.ts';
import { leaveOut } from '../bundling/leave-out.ts';
import { bundleOptions } from '../bundling/options.ts';
import { packTables } from '../bundling/pack-tables.ts';
import { requireBuiltins } from '../bundling/require-builtins.ts';
import { hashOf, PREBUILT, ROOT, type Build } from './build.ts';
import {
  builtinsByFile,
  entryPoints,
  isHandler,
  lateHttp2,
  leaveToNode,
  noSchemas,
  ownPlaces,
  packageNamed,
  plainTables,
  type Part,
} from './plugins.ts';

/**
 * What is loaded together, by the modules that bring it; those that load least first. A handler itself stays out: it reads its
 * configuration when it is loaded, and it is what knows the scrapers.
 */
const parts: Readonly<Record<string, readonly string[]>> = {
  command: ['infra/cli/main.ts'],
  bucket: ['functions/aws/clients.ts', 'functions/aws/objects.ts', 'functions/job/summary.ts'],
  scraper: ['functions/scraper/define-scraper.ts'],
  input: ['functions/urls/read-input.ts', 'functions/job/seen.ts'],
  run: ['infra/cli/run.ts', 'infra/cli/submit-job.ts', 'infra/cli/export-results.ts', 'infra/cli/summary-text.ts', 'infra/local/wiring.ts'],
  functions: ['enqueue', 'scrape', 'report'].map((name) => `functions/${name}/handler.ts`),
};

/** Packages that are loaded when our modules first need them: parts of their own. */
const latePackages: readonly string[] = ['parse5'];
/** One module of ours says what is used of the SDK, and hands it on. */
const isSdk = (name: string): boolean => name.startsWith('@aws-sdk/');
const isOurs = (name: string): boolean => name.endsWith('.ts');

const options = {
  ...bundleOptions,
  absWorkingDir: ROOT,
  outdir: relative(ROOT, PREBUILT),
  // A text of ASCII alone takes the engine half the memory.
  charset: 'ascii',
  minifySyntax: true,
  minifyWhitespace: true,
  // Scripts have a `require`.
  banner: {},
} as const;

/** Bundles the parts. @throws where esbuild finds fault, or npm has not installed the packages. */
export async function bundleParts(): Promise<{ build: Build; files: ReadonlyMap<string, string> }> {
  const found = await Promise.all(Object.entries(parts).map(async ([part, roots]) => [part, await modulesBehind(roots)] as const));
  const names = [...new Set([...found.flatMap(([, modules]) => modules), ...latePackages])];
  const exported = new Map([...(await exportsOfOurs(names.filter(isOurs))), ...(await exportsOfPackages(names.filter((n) => !isOurs(n))))]);
  const modules = new Map([...exported].map(([name, exports], i) => [name, { prefix: `m${i}_`, exports }]));
  const entries = new Map<string, Part>(
    [...found, ...latePackages.map((name) => [name, [name]] as const)].map(([part, has]) => [
      part,
      new Map(has.flatMap((name) => (modules.has(name) ? [[name, modules.get(name)!]] : []))),
    ]),
  );
  const { outputFiles, metafile } = await esbuild({
    ...options,
    entryPoints: [...entries.keys()].map((part) => ({ in: `part:${part}`, out: part })),
    entryNames: '[name]-[hash]',
    chunkNames: 'shared-[hash]',
    splitting: true,
    plugins: [
      entryPoints(entries),
      leaveToNode,
      ownPlaces,
      noSchemas,
      lateHttp2,
      builtinsByFile,
      requireBuiltins,
      leaveOut('prebuilt'),
      defer,
      plainTables,
      packTables,
      dropUnusedShapes,
    ],
  });
  const sources = sourcesOf(metafile);
  const madeOf = hashOf(sources);
  // A name is for one content: esbuild's own hash does not always tell files apart that import different ones.
  const named = (path: string): string => `${basename(path, '.js')}-${madeOf.slice(0, 8)}.js`;
  const fileNames = new Map(outputFiles.map(({ path }) => [`./${basename(path)}`, `./${named(path)}`]));
  const partsWith = (name: string): string[] => [...entries].filter(([, has]) => has.has(name)).map(([part]) => part);
  return {
    build: {
      madeOf,
      sources,
      entries: entryFiles(metafile, named),
      modules: Object.fromEntries([...modules].map(([name, module]) => [name, { ...module, entries: partsWith(name) }])),
    },
    files: new Map(await Promise.all(outputFiles.map(async ({ path, text }) => [named(path), await scriptOf(text, fileNames)] as const))),
  };
}

/** A file of the build, which esbuild splits as ES modules alone, as a function: see `build-files.ts`. */
async function scriptOf(module: string, names: ReadonlyMap<string, string>): Promise<string> {
  const { code } = await transform(module, {
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    charset: 'ascii',
    minifyWhitespace: true,
    define: { 'import.meta.url': 'urldropPlace.url', 'import.meta.filename': 'urldropPlace.path' },
  });
  // Of regular expressions, which esbuild leaves as they are. A raw text would be another one, and so would what stands behind a backslash.
  if (/\braw`[^`]*[^\0-\x7f]|\\[^\0-\x7f]/.test(code)) throw new Error('A String.raw has characters beyond ASCII: write them as escapes.');
  const body = code
    .replaceAll(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll(/(?<=")\.\/[^"]+\.js(?=")/g, (name) => names.get(name) ?? name)
    // A script has no `import()`. What our modules load late is named by its path.
    .replaceAll(/\bimport\((?="\.\.?\/)/g, 'urldropPlace.load(')
    // Getters by name are what is exported already; as a second set of them each would be asked through two.
    .replace(/\bmodule\.exports=__toCommonJS\w*\((\w+)\)/, 'module.exports=$1');
  return `(function (exports, require, module, urldropPlace) {${body}})`;
}

/** Modules of ours that come with these, and the packages that they import. */
async function modulesBehind(roots: readonly string[]): Promise<string[]> {
  const { metafile } = await esbuild({
    ...options,
    entryPoints: [...roots],
    packages: 'external',
    plugins: [leaveToNode, requireBuiltins, defer],
  });
  const inputs = Object.entries(metafile.inputs).filter(([file]) => isOurs(file) && !isHandler(file));
  const packages = inputs.flatMap(([, { imports }]) =>
    imports.filter(({ path, external }) => external === true && /^(?!node:)[@a-z]/.test(path)).map(({ path }) => path),
  );
  return [...inputs.map(([file]) => file), ...packages.filter((name) => !isSdk(name) && !latePackages.includes(name))];
}

async function exportsOfOurs(files: readonly string[]): Promise<[string, readonly string[]][]> {
  const { metafile } = await esbuild({ ...options, bundle: false, entryPoints: [...files] });
  return Object.values(metafile.outputs).map(({ entryPoint = '', exports }) => [entryPoint, exports]);
}

function exportsOfPackages(names: readonly string[]): Promise<[string, readonly string[]][]> {
  return Promise.all(names.map(async (name): Promise<[string, readonly string[]]> => [name, (await packageNamed(name)).exports]));
}

/** All that a build is made of: files of ours, packages by what npm says that it installed, and how it is made. */
function sourcesOf({ inputs }: Metafile): string[] {
  const ours = Object.keys(inputs).filter((file) => /^[\w./-]+$/.test(file) && !file.includes('node_modules/'));
  const how = ['infra/bundling', 'infra/prebuilt'].flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`));
  return [...new Set([...ours, ...how, 'node_modules/.package-lock.json'])].toSorted();
}

/** By part; what packages load late has files of its own. */
function entryFiles({ outputs }: Metafile, named: (path: string) => string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([file, { entryPoint = '' }]) =>
      entryPoint.startsWith('part:') ? [[entryPoint.slice('part:'.length), named(file)]] : [],
    ),
  );
}
