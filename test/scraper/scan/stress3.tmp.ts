import fc from 'fast-check';
import assert from 'node:assert';
import { anyPage } from './generated-pages.ts';
import { fieldMap, selector } from './generated-maps.ts';
import { byScan, byTree, compileScan } from './both-ways.ts';
const [seed = 1, runs = 50000] = process.argv.slice(2).map(Number);
let n = 0,
  compiled = 0,
  decided = 0,
  values = 0,
  errors = 0;
const count = (v: unknown): number =>
  v === undefined || v === null ? 0 : typeof v === 'object' ? Object.values(v).reduce((a: number, x) => a + count(x), 0) : 1;
fc.assert(
  fc.property(
    anyPage,
    fieldMap,
    fc.option(selector, { freq: 4, nil: undefined }),
    fc.option(selector, { freq: 4, nil: undefined }),
    (page, extract, each, follow) => {
      n++;
      const def = { extract, ...(each !== undefined && { each }), ...(follow !== undefined && { follow: { [follow]: 'page' } }) };
      const scan = compileScan(def);
      if (!scan) return;
      compiled++;
      const body = Buffer.from(page);
      const s = byScan(scan, body);
      if (!s) return;
      decided++;
      const t = byTree(def, body);
      if ('items' in t) values += count(t.items);
      else errors++;
      assert.deepStrictEqual(s, t);
    },
  ),
  { numRuns: runs, seed },
);
console.log({ n, compiled, decided, values, errors });
