import { build, type Metafile, type Plugin } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
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
 * Parts of packages that no function reaches, and what stands in their place.
 *
 * - Of undici, functions use the dispatchers and the cookie parser. Its index brings `fetch`, caches, mocks, WebSocket and EventSource as well, and its HTTP
 *   parser four times over, of which Node 24 takes the one with SIMD. An import that is not in this list fails the build by name.
 * - The AWS credential chain looks into profiles, SSO and instance metadata (by four further AWS clients): Lambda hands
 *   credentials over in the environment.
 * - dom-serializer takes three functions of `entities`, whose index brings all of HTML's named characters with it.
 */
const leftOut: readonly { readonly path: RegExp; readonly contents: string }[] = [
  {
    path: /\/undici\/index\.js$/,
    contents: `
      import api from './lib/api/index.js';
      import Agent from './lib/dispatcher/agent.js';
      import Client from './lib/dispatcher/client.js';
      import Dispatcher from './lib/dispatcher/dispatcher.js';
      import Pool from './lib/dispatcher/pool.js';
      import buildConnector from './lib/core/connect.js';
      import { parseCookie } from './lib/web/cookies/index.js';
      Object.assign(Dispatcher.prototype, api);
      export { Agent, Client, Dispatcher, Pool, buildConnector, parseCookie };`,
  },
  {
    // Loaded for a body that is a form, a blob or an iterable; ours are texts.
    path: /\/undici\/lib\/(llhttp\/llhttp-wasm|milo\/(no-)?simd|web\/fetch\/(body|formdata))\.js$/,
    contents: 'throw new Error("This part of undici is left out of the bundle.");',
  },
  {
    path: /\/@aws-sdk\/credential-provider-node\/dist-es\/index\.js$/,
    contents: 'export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";',
  },
  { path: /\/entities\/lib\/esm\/index\.js$/, contents: 'export { encodeXML, escapeAttribute, escapeText } from "./escape.js";' },
];

const leaveOut: Plugin = {
  name: 'leave-out',
  setup: (esbuild) => {
    for (const { path, contents } of leftOut) {
      esbuild.onLoad({ filter: path }, (args) => ({ contents, loader: 'js', resolveDir: dirname(args.path) }));
    }
  },
};

/**
 * Loads Node's own modules by `require`. An `import` of `node:http` reads every one of its getters, and one of them loads Node's
 * built-in copy of undici: about 20 of the 130 ms that the scrape bundle took to import.
 */
const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup: (esbuild) => {
    esbuild.onResolve({ filter: /^[a-z0-9_:/]+$/ }, ({ path, namespace }) => {
      if (!isBuiltin(path)) return undefined;
      return namespace === 'builtin' ? { path, external: true } : { path: path.replace(/^node:/, ''), namespace: 'builtin' };
    });
    esbuild.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: `module.exports = require("node:${path}");` }));
  },
};

/**
 * Builds every function into one minified ES module each, the AWS SDK included: pinned with the lock file, and faster to load than
 * the many files of the runtime's own.
 *
 * @param handlers - source of each function, relative to the project; its export `handler` is the function.
 * @throws {Error} naming the function and the package, if one is in it that must not be.
 */
export async function bundleFunctions(
  handlers: Readonly<Partial<Record<FunctionName, string>>> = handlerFiles(),
): Promise<readonly FunctionBundle[]> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.entries(handlers).map(([name, file]) => ({ in: file, out: `${name}/index` })),
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    // Tables of characters (encodings, entities) take half the bytes unescaped.
    charset: 'utf8',
    metafile: true,
    logLevel: 'warning',
    // An ES module has no `require` of its own. The long name is one that the minifier does not take.
    banner: { js: 'import{createRequire as urldropCreateRequire}from"node:module";const require=urldropCreateRequire(import.meta.url);' },
    plugins: [requireBuiltins, leaveOut],
  });
  const file = (path: string): Uint8Array => {
    const found = result.outputFiles.find((f) => f.path === join(ROOT, path));
    if (!found) throw new Error(`esbuild gave no ${path}.`);
    return found.contents;
  };
  return (Object.keys(handlers) as FunctionName[]).map((name) => {
    const path = `dist/${name}/index.mjs`;
    return { name, code: file(path), map: file(`${path}.map`), packages: packagesOf(name, result.metafile, path) };
  });
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
