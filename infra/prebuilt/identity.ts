import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = dirname(dirname(import.meta.dirname));

/** Where the prebuilt packages lie: with the packages that they are made of, so that `npm ci` clears them away. */
export const PREBUILT = join(ROOT, 'node_modules/.cache/urldrop');
/** The file of ours that is built with the SDK in it, since it says what of it is used. */
export const SDK = join(ROOT, 'functions/aws/sdk.ts');

/** How bundles are made, these and the functions'. */
const BUNDLING = join(ROOT, 'infra/bundling');

/** What stands in {@link PREBUILT}, as `index.json`. */
export interface PrebuiltIndex {
  readonly madeOf: string;
  /** Files by the name that a module is imported by; {@link SDK} goes by the name `sdk`. */
  readonly modules: Readonly<Record<string, string>>;
}

/**
 * Tells whether prebuilt packages are those that are installed and used now.
 *
 * @returns a hash of what they are made of; undefined where packages were not installed by npm.
 */
export function identity(): string | undefined {
  try {
    const bundling = readdirSync(BUNDLING).map((name) => join(BUNDLING, name));
    const sources = [join(ROOT, 'node_modules/.package-lock.json'), SDK, join(import.meta.dirname, 'prebuild.ts'), ...bundling];
    return hash('sha1', sources.map((file) => readFileSync(file, 'latin1')).join('\0'), 'hex');
  } catch {
    return undefined;
  }
}
