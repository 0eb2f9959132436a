import type { Plugin } from 'esbuild';
import { dirname } from 'node:path';
import type { FunctionName } from '../settings.ts';

interface LeftOut {
  /** Of the module's file. */
  readonly path: RegExp;
  /** What stands in its place. */
  readonly contents: string;
  /** Where it is needed all the same: in bundles, or on this machine. */
  readonly keptIn?: readonly (FunctionName | 'prebuilt')[];
}

const unread = (name: string): string =>
  `export const ${name} = () => { throw new Error("Pages are read by scrape: ${name} is left out of this bundle."); };`;

/**
 * Parts of modules that no function reaches. An import that is not in what stands in their place fails the build by name.
 *
 * - undici has its HTTP parser four times over, of which Node 24 takes the one with SIMD, and reads bodies of more kinds than ours.
 * - The AWS credential chain looks into profiles, SSO and instance metadata (by four further AWS clients): Lambda hands
 *   credentials over in the environment. On this machine it stays.
 * - dom-serializer takes three functions of `entities`, whose index brings all of HTML's named characters with it.
 * - The SDK hashes by itself where Node was built without cryptography, which Lambda's is not.
 * - No operation that functions call has an event stream for an answer.
 * - enqueue knows scrapers by their options and their start; it never reads a page.
 */
const leftOut: readonly LeftOut[] = [
  {
    // Loaded for a body that is a form, a blob or an iterable; ours are texts.
    path: /\/undici\/lib\/(llhttp\/llhttp-wasm|milo\/(no-)?simd|web\/(webidl\/index|fetch\/(body|formdata)))\.js$/,
    contents: 'throw new Error("This part of undici is left out of the bundle.");',
  },
  {
    path: /\/@aws-sdk\/credential-provider-node\/dist-es\/index\.js$/,
    contents: 'export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";',
    keptIn: ['prebuilt'],
  },
  { path: /\/entities\/lib\/esm\/index\.js$/, contents: 'export { encodeXML, escapeAttribute, escapeText } from "./escape.js";' },
  {
    path: /\/@smithy\/core\/dist-es\/submodules\/event-streams\/index\.js$/,
    contents: `
      export const eventStreamSerdeProvider = () => undefined;
      export const resolveEventStreamSerdeConfig = (config) => config;
      export class EventStreamSerde { constructor() { throw new Error("Event streams are left out of the bundle."); } }`,
  },
  ...['Md5Js', 'Sha1Js', 'Sha256Js'].map((name) => ({
    path: new RegExp(`/checksums?/.*/${name}\\.js$`),
    contents: `export class ${name} { constructor() { throw new Error("Node's own hashes are used: ${name} is left out of the bundle."); } }`,
  })),
  { path: /\/functions\/scrapers\/article-reader\.ts$/, contents: unread('readArticle'), keptIn: ['scrape', 'prebuilt'] },
  { path: /\/functions\/scrapers\/article-libraries\.ts$/, contents: '', keptIn: ['scrape', 'prebuilt'] },
  { path: /\/functions\/scraper\/html5-tree\.ts$/, contents: unread('buildHtml5Tree'), keptIn: ['scrape', 'prebuilt'] },
];

export function leaveOut(bundle: FunctionName | 'prebuilt'): Plugin {
  return {
    name: 'leave-out',
    setup(esbuild) {
      for (const { path, contents, keptIn = [] } of leftOut) {
        if (keptIn.includes(bundle)) continue;
        esbuild.onLoad({ filter: path }, (args) => ({ contents, loader: 'js', resolveDir: dirname(args.path) }));
      }
    },
  };
}
