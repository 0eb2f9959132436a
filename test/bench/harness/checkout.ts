import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import prebuild from '../../helpers/prebuilt.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** Scrapers that a comparison brings: name of the export, and its file. */
const OWN: Readonly<Record<string, string>> = { overview: 'overview.ts', overviewTree: 'overview-tree.ts' };

/**
 * Copies the project and adds the scrapers of the comparisons to it as a user would: a line in `functions/scrapers/index.ts`.
 *
 * @param folder - is made.
 * @returns the folder.
 */
export function checkOut(folder: string): string {
  prebuild();
  mkdirSync(folder, { recursive: true });
  for (const part of ['functions', 'infra', 'test/bench', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const index = join(folder, 'functions/scrapers/index.ts');
  const imports = Object.entries(OWN).map(([name, file]) => `import { ${name} } from '../../test/bench/scrapers/${file}';\n`);
  const source = readFileSync(index, 'utf8');
  const listed = source.replace(/\[page, /, `[page, ${Object.keys(OWN).join(', ')}, `);
  if (listed === source) throw new Error('functions/scrapers/index.ts has no list that begins with page: nowhere to add a scraper.');
  writeFileSync(index, imports.join('') + listed);
  return folder;
}
