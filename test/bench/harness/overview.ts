import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

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

/** Records by URL. Programs of several processes write `OUT.1`, `OUT.2` … */
export function readOverviews(out: string): Map<string, Overview> {
  const name = basename(out);
  const files = readdirSync(dirname(out)).filter((file) => file === name || file.startsWith(`${name}.`));
  const lines = files.flatMap((file) => readFileSync(join(dirname(out), file), 'utf8').split('\n')).filter(Boolean);
  return new Map(lines.map((line) => flat(JSON.parse(line) as object)).map((overview) => [overview.url, overview]));
}

/** A result line of urldrop has the fields in its item, those without a value left out. */
function flat(line: object): Overview {
  if (!('item' in line)) return line as Overview;
  const { item, ...rest } = line;
  return { title: '', h1: '', description: '', ...(item as object), ...rest } as unknown as Overview;
}

/** Pages on which two programs say the same, white space and the spelling of URLs aside. */
export function agreement(a: ReadonlyMap<string, Overview>, b: ReadonlyMap<string, Overview>): number {
  let same = 0;
  for (const [url, one] of a) {
    const other = b.get(url);
    if (other && comparable(one) === comparable(other)) same++;
  }
  return same;
}

function comparable({ status, title, h1, description, links, first }: Overview): string {
  const texts = [title, h1, description].map((text) => (text ?? '').replaceAll(/\s+/g, ''));
  return JSON.stringify([status, ...texts, links, first.map((link) => (URL.parse(link)?.href ?? link).replace(/#.*/, ''))]);
}
