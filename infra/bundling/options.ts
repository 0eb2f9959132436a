import type { BuildOptions } from 'esbuild';

/** What all bundles for Node have in common: the functions' own, and the build for this machine. */
export const bundleOptions = {
  write: false,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  legalComments: 'none',
  // Tables of characters (encodings, entities) take half the bytes unescaped.
  charset: 'utf8',
  metafile: true,
  logLevel: 'warning',
  // undici's own sign that it is bundled: its experimental HTTP parser stays out.
  define: { esbuildDetection: 'true' },
  // An ES module has no `require` of its own. The long name is one that the minifier does not take.
  banner: { js: 'import{createRequire as urldropCreateRequire}from"node:module";const require=urldropCreateRequire(import.meta.url);' },
} as const satisfies BuildOptions;
