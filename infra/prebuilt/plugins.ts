import type { Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import { PREBUILT, ROOT, type BuiltModule } from './build.ts';

/** What an entry point hands on, by module. */
export type Part = ReadonlyMap<string, Omit<BuiltModule, 'entries'>>;

/** From a file of the build to the project's. */
const TO_PROJECT = `${relative(PREBUILT, ROOT)}/`;
const OURS = /\/(functions|infra)\/.*\.ts$/;
/** Users' own: they are loaded from where they lie, and no change of theirs makes a build useless. */
const SCRAPERS = 'functions/scrapers/';

/** Entry points: modules that hand on what the modules of a part export, each name behind a prefix of its module's. */
export const entryPoints = (parts: ReadonlyMap<string, Part>): Plugin => ({
  name: 'entry-points',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^part:/ }, ({ path }) => ({ path: path.slice('part:'.length), namespace: 'part' }));
    esbuild.onLoad({ filter: /.*/, namespace: 'part' }, ({ path }) => ({
      contents: Array.from(parts.get(path) ?? [], ([name, module]) => handingOn(name, module)).join('\n'),
      resolveDir: ROOT,
    }));
    esbuild.onResolve({ filter: /^package:/ }, ({ path }) => ({ path: path.slice('package:'.length), namespace: 'package' }));
    esbuild.onLoad({ filter: /.*/, namespace: 'package' }, async ({ path }) => ({
      contents: (await packageNamed(path)).source,
      resolveDir: ROOT,
    }));
  },
});

function handingOn(name: string, { prefix, exports }: Omit<BuiltModule, 'entries'>): string {
  const from = JSON.stringify(name.endsWith('.ts') ? `./${name}` : `package:${name}`);
  return `export { ${exports.map((e) => `${e} as ${prefix}${e}`).join(', ')} } from ${from};`;
}

/** What a package exports, and a module that exports the same. */
export async function packageNamed(name: string): Promise<{ exports: readonly string[]; source: string }> {
  const all = Object.keys((await import(name)) as object);
  const from = `from ${JSON.stringify(name)};`;
  // So Node marks CommonJS, whose default export is all that it exports. esbuild may take the package's ES modules in its place.
  const isCommonJs = all.includes('module.exports');
  const exports = all.filter((n) => n !== 'module.exports' && n !== '__esModule');
  const names = exports.filter((n) => n !== 'default');
  const isOneThing = names.length === 0;
  const lines = [
    names.length > 0 && `export { ${names.join(', ')} } ${from}`,
    exports.includes('default') &&
      (isCommonJs && !isOneThing ? `import * as all ${from} export default all;` : `export { default } ${from}`),
  ];
  return { exports, source: lines.filter((line) => line !== false).join('\n') };
}

/** It is loaded before a build is looked for, and by nobody else than the command. */
const FIRST = 'infra/local/worker-thread.ts';

export const isHandler = (file: string): boolean => /^functions\/\w+\/handler\.ts$/.test(file);

/** What Node finds by itself when it is imported: what our modules load late, what was loaded first, and scrapers. */
export const leaveToNode: Plugin = {
  name: 'leave-to-node',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, kind, importer, resolveDir }) => {
      const file = relative(ROOT, join(resolveDir, path));
      // Scrapers import what is built: it cannot wait for them.
      if (kind === 'import-statement' && file.startsWith(SCRAPERS) && !isHandler(relative(ROOT, importer)))
        return { errors: [{ text: `${relative(ROOT, importer)} imports scrapers and cannot be built.` }] };
      return kind === 'dynamic-import' || file === FIRST || file.startsWith(SCRAPERS)
        ? { path: TO_PROJECT + file, external: true }
        : undefined;
    });
  },
};

/** Modules of ours that ask where they lie are told so; a folder or a path of theirs would be that of the build. */
export const ownPlaces: Plugin = {
  name: 'own-places',
  setup(esbuild) {
    esbuild.onLoad({ filter: OURS }, async ({ path, suffix }) => {
      if (suffix !== '') return undefined;
      const source = await readFile(path, 'utf8');
      if (/import\.meta\.dirname/.test(source)) throw new Error(`${relative(ROOT, path)} cannot be built: it asks for its folder.`);
      if (!source.includes('import.meta.url')) return undefined;
      const place = `new URL(${JSON.stringify(TO_PROJECT + relative(ROOT, path))}, import.meta.url).href`;
      return { contents: source.replaceAll('import.meta.url', place), loader: 'ts' };
    });
  },
};

/**
 * Fastify loads compilers for the JSON schemas of routes, and a third of all files with them; fauxqs has routes without any. What else
 * is loaded late stays late.
 */
export const noSchemas: Plugin = {
  name: 'no-schemas',
  setup(esbuild) {
    esbuild.onLoad({ filter: /\/@fastify\/(ajv|fast-json-stringify)-compiler\/index\.js$/ }, () => ({
      contents: 'module.exports = () => () => { throw new Error("JSON schemas of routes are left out of the build."); };',
    }));
  },
};

/** Gives each module parts of Node's modules of its own: shared ones would be a dozen files of a few lines. */
export const builtinsByFile: Plugin = {
  name: 'builtins-by-file',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^[a-z0-9_:/]+$/ }, ({ path, kind, importer }) =>
      kind === 'import-statement' && isBuiltin(path)
        ? { path: path.replace(/^node:/, ''), namespace: 'builtin-parts', suffix: `?${importer}` }
        : undefined,
    );
  },
};

/** Tables that every run reads: with their code kept, unpacking them would only take time. */
export const plainTables: Plugin = {
  name: 'plain-tables',
  setup(esbuild) {
    esbuild.onLoad({ filter: /\/undici\/lib\/llhttp\/(llhttp_simd-wasm|constants)\.js$/ }, async ({ path }) => ({
      contents: await readFile(path, 'utf8'),
      loader: 'js',
    }));
  },
};

/** Fastify loads HTTP/2 for servers that speak it, 4 ms. */
export const lateHttp2: Plugin = {
  name: 'late-http2',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^(node:)?http2$/ }, ({ importer }) =>
      importer.endsWith('/fastify/lib/server.js') ? { path: 'http2', namespace: 'late' } : undefined,
    );
    esbuild.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, name) => require("node:${path}")[name] });`,
    }));
  },
};
