import { hash } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { splitLines } from '../../../infra/cli/result-lines.ts';

/** The record that every program of a comparison writes for a page, one JSON line each. */
export interface Overview {
  readonly url: string;
  readonly status: number;
  /** Texts of the first matches, white space collapsed. */
  readonly title: string;
  readonly h1: string;
  readonly description: string;
  /** `a[href]` on the page. */
  readonly links: number;
  /** The first {@link FIRST_LINKS} of them, absolute. */
  readonly first: readonly string[];
  /** Length of the body, by programs that do not parse. */
  readonly bytes?: number;
}

/**
 * What the records say, as a hash, by their URLs: they may be a gigabyte. Programs of several processes write `OUT.1`, `OUT.2` …
 */
export async function readOverviews(out: string): Promise<Map<string, string>> {
  const name = basename(out);
  const files = readdirSync(dirname(out)).filter((file) => file === name || file.startsWith(`${name}.`));
  const said = new Map<string, string>();
  for (const file of files) {
    for await (const line of splitLines(createReadStream(join(dirname(out), file)))) {
      if (line === '') continue;
      const overview = flat(JSON.parse(line) as object);
      said.set(overview.url, hash('sha1', comparable(overview), 'base64'));
    }
  }
  return said;
}

/** A result line of urldrop has the fields in its item, those without a value left out. Who does not parse says nothing of a page. */
function flat(line: object): Overview {
  if (!('item' in line)) return { first: [], ...line } as unknown as Overview;
  const { item, ...rest } = line;
  return { title: '', h1: '', description: '', ...(item as object), ...rest } as unknown as Overview;
}

/** Pages on which two programs say the same. */
export function agreement(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): number {
  let same = 0;
  for (const [url, said] of a) if (b.get(url) === said) same++;
  return same;
}

/** White space and the spelling of URLs aside. */
function comparable({ status, title, h1, description, links, first }: Overview): string {
  const texts = [title, h1, description].map((text) => (text ?? '').replaceAll(/\s+/g, ''));
  return JSON.stringify([status, ...texts, links, first.map((link) => (URL.parse(link)?.href ?? link).replace(/#.*/, ''))]);
}
