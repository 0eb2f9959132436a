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

/** An ES module whose exports are dropped one by one where nobody imports them: each is marked as free of effects. */
function parts(name: string): string {
  const names = Object.keys(require(`node:${name}`) as object).filter((n) => IDENTIFIER.test(n) && n !== 'default');
  return [
    `const all = require("node:${name}");`,
    'const part = (name) => all[name];',
    'export { all as default };',
    ...names.map((n) => `const $${n} = /* @__PURE__ */ part("${n}"); export { $${n} as ${n} };`),
  ].join('\n');
}
