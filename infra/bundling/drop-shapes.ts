import type { Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';

/**
 * Lets esbuild drop the shapes of AWS operations that no function calls. The SDK writes the names of a shape's members as constants in
 * computed keys, `{ [_hE]: … }`, which for all esbuild knows could do something when they are read: with one such key in it a shape
 * stays. As a plain text it is gone, and of S3's 68 KB of shapes 19 are left.
 */
export const dropUnusedShapes: Plugin = {
  name: 'drop-unused-shapes',
  setup(esbuild) {
    // A client reads nothing but its version of its own manifest.
    esbuild.onLoad({ filter: /\/@aws-sdk\/client-[^/]+\/package\.json$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string };
      return { loader: 'json', contents: JSON.stringify({ version }) };
    });
    esbuild.onLoad({ filter: /\/dist-es\/(.+\/)?schemas\/schemas_\d+\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const names = new Map(Array.from(source.matchAll(/^const (\w+) = ("[^"\\\n]*");$/gm), ([, name = '', text = '']) => [name, text]));
      return { loader: 'js', contents: source.replaceAll(/\[(\w+)\](?=:)/g, (key, name: string) => names.get(name) ?? key) };
    });
  },
};
