import type { Plugin } from 'esbuild';
import { createRequire, isBuiltin } from 'node:module';

const require = createRequire(import.meta.url);
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * Loads Node's own modules by `require`, and takes out of them no more than is used. An `import` of `node:http` reads every one of its
 * getters, and one of them loads Node's built-in copy of undici: about 20 of the 130 ms that the scrape bundle took to import.
 */
export const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup: (esbuild) => {
    esbuild.onResolve({ filter: /^[a-z0-9_:/]+$/ }, ({ path, kind }) => {
      if (!isBuiltin(path)) return undefined;
      const name = path.replace(/^node:/, '');
      if (kind === 'require-call') return { path: `node:${name}`, external: true };
      // What is imported late is taken whole, as one thing whose getters nobody reads.
      return { path: name, namespace: kind === 'dynamic-import' ? 'builtin' : 'builtin-parts' };
    });
    esbuild.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: `module.exports = require("node:${path}");` }));
    esbuild.onLoad({ filter: /.*/, namespace: 'builtin-parts' }, ({ path }) => ({ contents: parts(path) }));
  },
};

/** Classes that load further modules of Node's when they are read, and that packages only ask values about. */
const askedAbout: ReadonlySet<string> = new Set(['fs.ReadStream']);

/** Modules of functions, loaded by the first call: the SDK reads profiles with them, which Lambda has none of. */
const late: ReadonlySet<string> = new Set(['fs/promises']);

/** An ES module whose exports are dropped one by one where nobody imports them: each is marked as free of effects. */
function parts(name: string): string {
  const module = require(`node:${name}`) as Record<string, unknown>;
  const names = Object.keys(module).filter((n) => IDENTIFIER.test(n) && n !== 'default');
  if (late.has(name))
    return lateParts(
      name,
      Map.groupBy(names, (n) => (typeof module[n] === 'function' ? 'function' : 'value')),
    );
  return [
    `const all = require("node:${name}");`,
    'const part = (name) => all[name];',
    // Answers `instanceof`, and is nothing that could be made or extended.
    'const asked = (name) => ({ [Symbol.hasInstance]: (value) => value instanceof all[name] });',
    'export { all as default };',
    ...names.map(
      (n) => `const $${n} = /* @__PURE__ */ ${askedAbout.has(`${name}.${n}`) ? 'asked' : 'part'}("${n}"); export { $${n} as ${n} };`,
    ),
  ].join('\n');
}

/** A value has no export of its own, for it would be read at once: an import of it fails the build by name. */
function lateParts(name: string, names: ReadonlyMap<'function' | 'value', readonly string[]>): string {
  const functions = names.get('function') ?? [];
  const getters = names.get('value')?.map((n) => `get ${n}() { return require("node:${name}").${n}; }`) ?? [];
  return [
    ...functions.map((n) => `export const ${n} = (...given) => require("node:${name}").${n}(...given);`),
    `export default { ${[...functions, ...getters].join(', ')} };`,
  ].join('\n');
}
