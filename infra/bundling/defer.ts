import type { Plugin } from 'esbuild';
import { basename, dirname } from 'node:path';

/** A module that is read a second time, behind the one that stands in for it. */
const DEFERRED = '?deferred';

/**
 * Modules that export one function, and that wait for its first call: undici's HTTP/2, and with it Node's, for the first server
 * that speaks it.
 */
const deferred = /\/undici\/lib\/dispatcher\/client-h2\.js$/;

/** Puts off what a module does when it is loaded. It must be CommonJS: esbuild runs that when it is required. */
export const defer: Plugin = {
  name: 'defer',
  setup(esbuild) {
    esbuild.onLoad({ filter: deferred }, ({ path, suffix }) => {
      if (suffix === DEFERRED) return undefined;
      const real = JSON.stringify(`./${basename(path)}${DEFERRED}`);
      return { contents: `module.exports = (...given) => require(${real})(...given);`, resolveDir: dirname(path) };
    });
  },
};
