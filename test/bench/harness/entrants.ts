import { join, resolve } from 'node:path';
import { checkOut } from './checkout.ts';
import { limits, peers, urldrop, type Entrant } from './contestants.ts';

/** Options that every comparison has. */
export const entrantOptions = {
  /** Words of names, comma separated: only programs with one of them. */
  only: { type: 'string' },
  /** Folder whose `node_modules` holds `@crawlee/cheerio`. */
  crawlee: { type: 'string' },
} as const;

/** The programs of a comparison, urldrop first. Says on stderr which peers are not installed, and how to have them. */
export function entrantsOf(folder: string, { only, crawlee }: { only?: string | undefined; crawlee?: string | undefined }): Entrant[] {
  const { entrants, missing } = peers(crawlee === undefined ? undefined : resolve(crawlee));
  const words = only?.toLowerCase().split(',');
  const chosen = [...urldrop(checkOut(join(folder, 'project'))), ...limits(), ...entrants].filter(
    ({ name }) => !words || words.some((word) => name.toLowerCase().includes(word)),
  );
  if (!words) for (const line of missing) process.stderr.write(`Left out, since it is not installed: ${line}\n`);
  return chosen;
}
