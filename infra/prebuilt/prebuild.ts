/**
 * Puts what a run loads, modules of ours and packages, into a few files: `node infra/prebuilt/prebuild.ts`, which `npm ci` runs. Finding,
 * reading and linking hundreds of small files takes most of the time of loading them, in each thread.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { noteBuild, NOTES, PREBUILT, putWhole } from './build.ts';

try {
  mkdirSync(PREBUILT, { recursive: true });
  const { bundleParts } = await import('./bundle.ts');
  const { build, files } = await bundleParts();
  for (const [name, contents] of files) putWhole(join(PREBUILT, name), contents);
  noteBuild(build);
  for (const file of readdirSync(PREBUILT)) if (!files.has(file) && !NOTES.includes(file)) rmSync(join(PREBUILT, file));
} catch (error) {
  // Without esbuild (`npm ci --omit=dev`), say: all works as well, and starts more slowly.
  console.error(`urldrop could not be prebuilt; it starts more slowly without. ${(error as Error).message}`);
}
