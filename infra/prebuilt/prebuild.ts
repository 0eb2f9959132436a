/**
 * Puts the packages that a run loads into a few files: `node infra/prebuilt/prebuild.ts`, which `npm ci` runs. Finding, reading and
 * linking hundreds of small files takes most of the time of loading them, in each thread.
 */
import type { Plugin } from 'esbuild';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleOptions } from '../bundling/options.ts';
import { identity, PREBUILT, SDK, type PrebuiltIndex } from './identity.ts';

/** By the names that our sources import them by. Those that hardly any run needs are not worth it. */
const packages = [
  '@aws-lambda-powertools/logger',
  '@aws-lambda-powertools/metrics',
  'cheerio/slim',
  'commander',
  'css-select',
  'css-what',
  'csv-parse/sync',
  'domhandler',
  'encoding-sniffer',
  'encoding-sniffer/sniffer',
  'fauxqs',
  'htmlparser2',
  'nth-check',
  'parse5',
  'tldts',
  'undici/lib/api/api-connect.js',
  'undici/lib/core/connect.js',
  'undici/lib/dispatcher/agent.js',
  'undici/lib/dispatcher/client.js',
  'undici/lib/dispatcher/pool.js',
  'undici/lib/web/cookies/parse.js',
];

/**
 * Fastify loads compilers for the JSON schemas of routes, and a third of all files with them; fauxqs has routes without any. What else
 * is loaded late stays late.
 */
const noSchemas: Plugin = {
  name: 'no-schemas',
  setup(esbuild) {
    esbuild.onLoad({ filter: /\/@fastify\/(ajv|fast-json-stringify)-compiler\/index\.js$/ }, () => ({
      contents: 'module.exports = () => () => { throw new Error("JSON schemas of routes are left out of the prebuilt packages."); };',
    }));
  },
};

/** Entry points: modules that hand on what each package exports. */
const entries: Plugin = {
  name: 'entries',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^prebuilt:/ }, ({ path }) => ({ path: path.slice('prebuilt:'.length), namespace: 'prebuilt' }));
    esbuild.onLoad({ filter: /.*/, namespace: 'prebuilt' }, async ({ path }) => ({
      contents: handingOn(path, Object.keys((await import(path)) as object)),
      resolveDir: import.meta.dirname,
    }));
  },
};

function handingOn(name: string, exported: readonly string[]): string {
  const from = `from ${JSON.stringify(name)};`;
  // So Node marks CommonJS, whose default export is all that it exports. esbuild may take the package's ES modules in its place.
  const isCommonJs = exported.includes('module.exports');
  const names = exported.filter((n) => n !== 'default' && n !== 'module.exports' && n !== '__esModule');
  const isOneThing = names.length === 0;
  return [
    names.length > 0 && `export { ${names.join(', ')} } ${from}`,
    exported.includes('default') &&
      (isCommonJs && !isOneThing ? `import * as all ${from} export default all;` : `export { default } ${from}`),
  ]
    .filter((line) => line !== false)
    .join('\n');
}

async function prebuild(madeOf: string): Promise<void> {
  const [{ build }, { defer }, { dropUnusedShapes }, { packTables }, { requireBuiltins }] = await Promise.all([
    import('esbuild'),
    import('../bundling/defer.ts'),
    import('../bundling/drop-shapes.ts'),
    import('../bundling/pack-tables.ts'),
    import('../bundling/require-builtins.ts'),
  ]);
  const points = ['sdk', ...packages].map((name) => ({ in: name === 'sdk' ? SDK : `prebuilt:${name}`, out: name.replaceAll('/', '-') }));
  const { outputFiles, metafile } = await build({
    ...bundleOptions,
    absWorkingDir: PREBUILT,
    entryPoints: points,
    outdir: '.',
    entryNames: '[name]-[hash]',
    chunkNames: 'shared-[hash]',
    outExtension: { '.js': '.mjs' },
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [entries, noSchemas, requireBuiltins, defer, packTables, dropUnusedShapes],
  });
  const files = new Set(['index.json']);
  for (const { path, contents } of outputFiles) {
    const file = path.slice(PREBUILT.length + 1);
    files.add(file);
    if (!existsSync(join(PREBUILT, file))) putWhole(file, contents);
  }
  const modules = Object.fromEntries(
    Object.entries(metafile.outputs).flatMap(([file, { entryPoint }]) =>
      entryPoint === undefined ? [] : [[entryPoint.startsWith('prebuilt:') ? entryPoint.slice('prebuilt:'.length) : 'sdk', file]],
    ),
  );
  putWhole('index.json', JSON.stringify({ madeOf, modules } satisfies PrebuiltIndex));
  for (const file of readdirSync(PREBUILT)) if (!files.has(file)) rmSync(join(PREBUILT, file));
}

/** At once: whoever starts meanwhile finds the old or the new. */
function putWhole(file: string, contents: Uint8Array | string): void {
  const draft = join(PREBUILT, `${file}.${process.pid}`);
  writeFileSync(draft, contents);
  renameSync(draft, join(PREBUILT, file));
}

const madeOf = identity();
try {
  if (madeOf === undefined) throw new Error('npm has not installed the packages.');
  mkdirSync(PREBUILT, { recursive: true });
  await prebuild(madeOf);
} catch (error) {
  // Without esbuild (`npm ci --omit=dev`), say: all works as well, and starts more slowly.
  console.error(`The packages could not be prebuilt; urldrop starts more slowly without. ${(error as Error).message}`);
}
