import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { identity, PREBUILT, SDK, type PrebuiltIndex } from './identity.ts';

const root = new URL('../../', import.meta.url).href;
const [functions, scrapers, infra] = [`${root}functions/`, `${root}functions/scrapers/`, `${root}infra/`];

/** Modules of ours name each other by path and ending: there is nothing to look for. Users' scrapers may name what is not there. */
function isOurs(url: string): boolean {
  return (url.startsWith(functions) && !url.startsWith(scrapers)) || url.startsWith(infra);
}

/**
 * Lets this thread's imports of packages end at the prebuilt ones, where these are there and are what is installed. Else each package
 * is loaded from its own files, as Node does by itself: the same code, a few hundred files more.
 */
function usePrebuilt(): void {
  const files = prebuiltFiles();
  if (!files) return;
  const sdk = pathToFileURL(SDK).href;
  const built = `${pathToFileURL(PREBUILT).href}/`;
  registerHooks({
    resolve(specifier, context, next) {
      const parent = context.parentURL ?? '';
      // Nothing to look for either: Node's own, and the parts of what was built in one go.
      if (specifier.startsWith('node:')) return { url: specifier, format: 'builtin', shortCircuit: true };
      if (parent.startsWith(built) && specifier.startsWith('./'))
        return { url: new URL(specifier, parent).href, format: 'module', shortCircuit: true };
      if (specifier.startsWith('.') && specifier.endsWith('.ts') && isOurs(parent)) {
        const { href } = new URL(specifier, parent);
        const file = href === sdk && files.get('sdk');
        return file ? { url: file, format: 'module', shortCircuit: true } : { url: href, format: 'module-typescript', shortCircuit: true };
      }
      const file = files.get(specifier);
      // What a package imports is its own choice: it may want another version.
      if (file === undefined || parent.includes('/node_modules/')) return next(specifier, context);
      return { url: file, format: 'module', shortCircuit: true };
    },
  });
}

function prebuiltFiles(): ReadonlyMap<string, string> | undefined {
  try {
    const { madeOf, modules } = JSON.parse(readFileSync(join(PREBUILT, 'index.json'), 'utf8')) as PrebuiltIndex;
    if (madeOf !== identity()) return undefined;
    return new Map(Object.entries(modules).map(([name, file]) => [name, pathToFileURL(join(PREBUILT, file)).href]));
  } catch {
    return undefined;
  }
}

usePrebuilt();
