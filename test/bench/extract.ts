/**
 * Measures extraction alone, CPU ms per page, garbage collection included: `node test/bench/extract.ts [--pages 1000] [--rounds 7]`.
 *
 * The pages are those of Debian's documentation packages, as many of each as are installed; the fields those of a site overview: title,
 * first heading, description, number of links and the first 20 of them absolute. All ways begin with the bytes of the body, and take
 * turns; the figures are medians of the rounds.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Tokenizer } from 'htmlparser2';
import { decodeText } from '../../functions/fetch/charset.ts';
import { Extraction } from '../../functions/scraper/extract.ts';
import type { FieldMap } from '../../functions/scraper/extract-types.ts';
import { baseUrlOf } from '../../functions/scraper/links.ts';
import { buildTree } from '../../functions/scraper/page-tree.ts';
import { compileScan } from '../../functions/scraper/scan/page-scan.ts';
import { linksWith, PAGE_URL } from '../scraper/scan/both-ways.ts';
import { packages, pagesOf } from '../scraper/scan/real-pages.ts';
import { LIMITS } from '../scraper/scan/tree-of-scan.ts';

const { values } = parseArgs({
  options: { pages: { type: 'string', default: '1000' }, rounds: { type: 'string', default: '7' }, only: { type: 'string' } },
});
const FIRST_LINKS = 20;
const fields = {
  title: 'title',
  h1: 'h1',
  description: { selector: 'meta[name="description"]', attr: 'content' },
  links: { selector: 'a[href]', count: true },
  first: [{ selector: 'a[href]', value: 'href', limit: FIRST_LINKS }],
} satisfies FieldMap;
/** The same without the links: nothing needs the rest of a page once all three are found. */
const { links: _, first: __, ...singles } = fields;

const perPackage = Math.ceil(Number(values.pages) / packages.length);
const bodies = packages.flatMap((name) => pagesOf(name, perPackage)).map(({ body }) => body);
if (bodies.length === 0) {
  console.error(`None of the packages with pages is installed: ${packages.join(', ')}. Install one with apt-get install.`);
  process.exit(1);
}
const meanBytes = bodies.reduce((sum, body) => sum + body.length, 0) / bodies.length;
console.log(`${bodies.length} pages of ${(meanBytes / 1e3).toFixed(1)} kB; Node ${process.version}, ${availableParallelism()} cores`);

const ways: Record<string, (body: Buffer) => unknown> = {
  'decode only': (body) => decodeText(body, 'UTF-8').length,
  'htmlparser2 tokenizer, empty callbacks': tokenize,
  tree: (body) => overTree(body, fields),
  scan: overScan(fields),
  'scan, single values only': overScan(singles),
};
const times = new Map<string, number[]>();
let same = 0;
for (let round = -2; round < Number(values.rounds); round++) {
  for (const [name, way] of Object.entries(ways)) {
    if (values.only !== undefined && name !== values.only) continue;
    const before = process.cpuUsage();
    for (const body of bodies) way(body);
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1_000 / bodies.length;
    // The first two rounds are for the compiler.
    if (round >= 0) times.set(name, [...(times.get(name) ?? []), ms]);
  }
}
for (const body of bodies) if (JSON.stringify(ways['tree']?.(body)) === JSON.stringify(ways['scan']?.(body))) same++;
for (const [name, ms] of times) console.log(`${name.padEnd(40)} ${median(ms).toFixed(3)} CPU ms/page`);
console.log(`items alike: ${same} of ${bodies.length}`);
if (same < bodies.length) process.exitCode = 1;

function overTree(body: Buffer, map: FieldMap): unknown {
  const $ = buildTree(decodeText(body, 'UTF-8'), { ...LIMITS, parser: 'htmlparser2', xml: false, baseUrl: PAGE_URL });
  const links = linksWith(baseUrlOf($, PAGE_URL));
  const extraction = new Extraction({ $, url: PAGE_URL, absolute: (address) => links.absolute(address), download: () => undefined });
  return overview(extraction.map(map, $.root()));
}

function overScan(map: FieldMap): (body: Buffer) => unknown {
  const scan = compileScan({ extract: map });
  if (!scan) throw new Error('The map does not compile.');
  return (body) => {
    const scanned = scan.read({ body, charset: 'UTF-8', text: () => decodeText(body, 'UTF-8') }, LIMITS);
    if (!scanned) return undefined;
    const links = linksWith(scanned.baseUrl(PAGE_URL));
    const absolute = (address: string) => links.absolute(address);
    const [item = {}] = scanned.items({ url: PAGE_URL, absolute, download: () => undefined, tree: () => neverATree() });
    return overview(item);
  };
}

function overview(item: Record<string, unknown>): unknown {
  return { ...item, url: PAGE_URL, status: 200 };
}

function tokenize(body: Buffer): void {
  const nothing = (): void => undefined;
  const tokenizer = new Tokenizer(
    {},
    {
      onattribdata: nothing,
      onattribend: nothing,
      onattribentity: nothing,
      onattribname: nothing,
      oncdata: nothing,
      onclosetag: nothing,
      oncomment: nothing,
      ondeclaration: nothing,
      onend: nothing,
      onopentagend: nothing,
      onopentagname: nothing,
      onprocessinginstruction: nothing,
      onselfclosingtag: nothing,
      ontext: nothing,
      ontextentity: nothing,
    },
  );
  tokenizer.write(decodeText(body, 'UTF-8'));
  tokenizer.end();
}

function neverATree(): never {
  throw new Error('The fields of this map need no tree.');
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}
