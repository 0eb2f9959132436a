import type { Plugin } from 'esbuild';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const require = createRequire(import.meta.url);

/**
 * Modules that hold a large table and nothing else: the characters of Asian encodings, HTML's named characters, the public suffixes,
 * undici's HTTP parser as WebAssembly, and its constants. As source they are a quarter of a bundle, and the engine reads them whole at
 * every cold start.
 */
const tables: readonly { readonly path: RegExp; readonly isCommonJs: boolean }[] = [
  { path: /\/@exodus\/bytes\/fallback\/multi-byte\.encodings\.json$/, isCommonJs: true },
  { path: /\/undici\/lib\/llhttp\/llhttp_simd-wasm\.js$/, isCommonJs: true },
  { path: /\/undici\/lib\/llhttp\/constants\.js$/, isCommonJs: true },
  { path: /\/entities\/dist\/generated\/decode-data-(ht|x)ml\.js$/, isCommonJs: false },
  { path: /\/tldts\/dist\/es6\/src\/data\/trie\.js$/, isCommonJs: false },
];

/** Puts tables into the bundle compressed. They unpack when their module is first used, in a millisecond or two each. */
export const packTables: Plugin = {
  name: 'pack-tables',
  setup(esbuild) {
    for (const { path, isCommonJs } of tables) {
      esbuild.onLoad({ filter: path }, async (args) => {
        let contents = modules.get(args.path);
        if (!contents) modules.set(args.path, (contents = pack(args.path, isCommonJs)));
        return { loader: 'js', contents: await contents };
      });
    }
  },
};

/** By file: packing at its best takes half a second a table, and every function has the same ones. */
const modules = new Map<string, Promise<string>>();

async function pack(path: string, isCommonJs: boolean): Promise<string> {
  return isCommonJs ? packedDefault(require(path)) : packedExports(await importFile(path));
}

async function importFile(path: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
}

function packedDefault(value: unknown): string {
  return `const { brotliDecompressSync } = require('node:zlib');\nmodule.exports = ${unpacking(value)};`;
}

function packedExports(exports: Record<string, unknown>): string {
  const lines = Object.entries(exports).map(([name, value]) => `export const ${name} = ${unpacking(value)};`);
  return `import { brotliDecompressSync } from 'node:zlib';\n${lines.join('\n')}`;
}

/** An expression for a value: a number, a text, bytes, a typed array, or whatever else JSON can hold. */
function unpacking(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (Buffer.isBuffer(value)) return unpackingBytes(value);
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    // Through a buffer of its own: a small one of Node's begins anywhere in a larger.
    return `new ${value.constructor.name}(new Uint8Array(${unpackingBytes(new Uint8Array(buffer, byteOffset, byteLength))}).buffer)`;
  }
  return `JSON.parse(${unpackingText(JSON.stringify(value))})`;
}

/** An expression for a text. It needs `brotliDecompressSync`. */
export function unpackingText(text: string): string {
  return `${unpackingBytes(Buffer.from(text))}.toString()`;
}

function unpackingBytes(bytes: Uint8Array): string {
  const packed = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength, [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
  });
  return `brotliDecompressSync(Buffer.from("${packed.toString('base64')}", "base64"))`;
}
