import type { Plugin } from 'esbuild';
import { basename, dirname } from 'node:path';

/** A module that is read a second time, behind the one that stands in for it. */
const DEFERRED = '?deferred';

/**
 * Modules that export functions and nothing else, and that wait for the first call of one:
 *
 * - undici's HTTP/2, and with it Node's, for the first server that speaks it;
 * - the public suffixes, for the first lane of a whole site, or cookie of one;
 * - the HTML Standard's own parser, for the first page that wants it;
 * - the reader of YAML, for the first recipe in it.
 */
const deferred: readonly {
  readonly path: RegExp;
  /** What an ES module exports; absent: CommonJS, and the module is one function. */
  readonly functions?: readonly string[];
}[] = [
  { path: /\/undici\/lib\/dispatcher\/client-h2\.js$/ },
  {
    path: /\/tldts\/dist\/es6\/index\.js$/,
    functions: ['getDomain', 'getDomainWithoutSuffix', 'getFullDomain', 'getHostname', 'getPublicSuffix', 'getSubdomain', 'parse'],
  },
  { path: /\/functions\/scraper\/html5-tree\.ts$/, functions: ['buildHtml5Tree'] },
  { path: /\/functions\/scraper\/recipe-yaml\.ts$/, functions: ['readYaml'] },
];

/** Puts off what a module does when it is loaded. */
export const defer: Plugin = {
  name: 'defer',
  setup(esbuild) {
    for (const { path: filter, functions } of deferred) {
      esbuild.onLoad({ filter }, ({ path, suffix }) => {
        if (suffix === DEFERRED) return undefined;
        const real = `require(${JSON.stringify(`./${basename(path)}${DEFERRED}`)})`;
        const contents = functions
          ? functions.map((name) => `export const ${name} = (...given) => ${real}.${name}(...given);`).join('\n')
          : `module.exports = (...given) => ${real}(...given);`;
        return { contents, loader: 'js', resolveDir: dirname(path) };
      });
    }
  },
};
