import { build, type Plugin } from 'esbuild';
import { dirname } from 'node:path';
import { unpackingText } from './pack-tables.ts';

/** A package that stands on its own and is loaded late. */
interface LateCode {
  /** Of the module's file. */
  readonly path: RegExp;
  /** What stands in the stack of an exception in it. */
  readonly name: string;
  /** What is taken of it. */
  readonly source: string;
  /** What an ES module exports; absent: CommonJS, and `source` says it. */
  readonly exports?: readonly string[];
}

/**
 * The HTML Standard's own parser, what reads articles and writes them as Markdown, and the reader of YAML. As source they are a
 * seventh of the scrape bundle and a tenth of enqueue's, and the engine reads all of it at every cold start, a millisecond for each
 * 35 kB, though few runs use it.
 */
const lateCode: readonly LateCode[] = [
  { path: /\/node_modules\/parse5\/dist\/index\.js$/, name: 'parse5', source: "export { parse } from './index.js';", exports: ['parse'] },
  { path: /\/@mozilla\/readability\/Readability\.js$/, name: 'readability', source: "module.exports = require('./Readability.js');" },
  {
    path: /\/turndown\/lib\/turndown\.browser\.cjs\.js$/,
    name: 'turndown',
    source: "module.exports = require('./turndown.browser.cjs.js');",
  },
  {
    // For Node it is one heap of CommonJS; the same as ES modules lies beside it, of which the reader alone is taken.
    path: /\/yaml\/dist\/index\.js$/,
    name: 'yaml',
    source: `
      export { isAlias, isMap, isNode, isScalar, isSeq } from '../browser/dist/nodes/identity.js';
      export { LineCounter } from '../browser/dist/parse/line-counter.js';
      export { parseDocument } from '../browser/dist/public-api.js';`,
  },
];

/** Puts packages into the bundle compressed. They unpack and compile when their module is first used, in a few milliseconds each. */
export const packCode: Plugin = {
  name: 'pack-code',
  setup(esbuild) {
    for (const late of lateCode) {
      esbuild.onLoad({ filter: late.path }, async ({ path }) => {
        // Another package's own copy, of which it may take more.
        if (path.split('/node_modules/').length > 2) return undefined;
        let contents = modules.get(path);
        if (!contents) modules.set(path, (contents = pack(late, dirname(path))));
        return { loader: 'js', contents: await contents };
      });
    }
  },
};

/** By file, as tables: packing takes time, and its result is the same in every bundle. */
const modules = new Map<string, Promise<string>>();

async function pack({ name, source, exports }: LateCode, resolveDir: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir },
    write: false,
    bundle: true,
    minify: true,
    format: 'cjs',
    // Without `require`: a package that came to need Node would fail this build.
    platform: 'neutral',
    target: 'node24',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'warning',
  });
  const code = unpackingText(outputFiles[0]?.text ?? '');
  return [
    "const { brotliDecompressSync } = require('node:zlib');",
    "const { compileFunction } = require('node:vm');",
    `const late = ${exports ? '{ exports: {} }' : 'module'};`,
    `compileFunction(${code}, ['module', 'exports'], { filename: '${name}' })(late, late.exports);`,
    ...(exports ?? []).map((part) => `export const ${part} = late.exports.${part};`),
  ].join('\n');
}
