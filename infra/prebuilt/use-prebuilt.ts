import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';
export { keepCode } from './build-files.ts';
import { currentBuild, ROOT, type Build, type BuiltModule } from './build.ts';

const root = `${pathToFileURL(ROOT).href}/`;
const [functions, scrapers, infra] = [`${root}functions/`, `${root}functions/scrapers/`, `${root}infra/`];
const files = new URL('build-files.ts', import.meta.url).href;
/** A package that is handed on by the build. */
const PACKAGE = 'urldrop-prebuilt:';
/** The entry that worker threads load, whatever else has a module too. */
const OF_THREADS = 'functions';

/** Modules of ours name each other by path and ending: there is nothing to look for. Users' scrapers may name what is not there. */
function isOurs(url: string): boolean {
  return (url.startsWith(functions) && !url.startsWith(scrapers)) || url.startsWith(infra);
}

/**
 * Lets this thread's imports end in the build, where there is one of just these sources and packages: whoever imports a module that is
 * in it, be it the build itself, a file of ours that is not, or a user's scraper, gets the same one. Else each module is loaded from
 * its own file, as Node does by itself: the same code, from some hundred files.
 */
function usePrebuilt(): void {
  const build = currentBuild();
  if (!build) return;
  const modules = new Map(
    Object.entries(build.modules).map(([name, module]) => [name.endsWith('.ts') ? root + name : PACKAGE + name, module]),
  );
  registerHooks({
    resolve(specifier, context, next) {
      const parent = context.parentURL ?? '';
      // Nothing to look for: Node's own.
      if (specifier.startsWith('node:')) return { url: specifier, format: 'builtin', shortCircuit: true };
      const isPath = specifier.startsWith('.') || specifier.startsWith(root);
      // What a package imports is its own choice: it may want another version.
      if (parent.includes('/node_modules/') || (isPath && !parent.startsWith(root))) return next(specifier, context);
      const url = isPath ? new URL(specifier, parent).href : PACKAGE + specifier;
      if (modules.has(url)) return { url, format: 'module', shortCircuit: true };
      if (isOurs(parent) && url.endsWith('.ts')) return { url, format: 'module-typescript', shortCircuit: true };
      return next(specifier, context);
    },
    load(url, context, next) {
      const module = modules.get(url);
      return module ? { format: 'module', source: handingOn(module, build), shortCircuit: true } : next(url, context);
    },
  });
}

/** Source of a module that hands on one of the build's. */
function handingOn({ prefix, entries, exports }: BuiltModule, build: Build): string {
  const entry = !isMainThread && entries.includes(OF_THREADS) ? OF_THREADS : (entries[0] ?? '');
  return [
    `import { loadFile } from ${JSON.stringify(files)};`,
    `const all = loadFile(${JSON.stringify(build.entries[entry])});`,
    ...exports.map((name, i) => `const $${i} = all.${prefix}${name}; export { $${i} as ${name} };`),
  ].join('\n');
}

usePrebuilt();
