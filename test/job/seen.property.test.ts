import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHashes, keyHash, SeenSet } from '../../functions/job/seen.ts';

const hashes = fc.array(fc.bigInt({ min: 1n, max: (1n << 64n) - 1n }), { maxLength: 500 });

describe('a seen-set', () => {
  it('holds exactly what was added, in any order and number', () => {
    fc.assert(
      fc.property(hashes, hashes, (added, others) => {
        const set = new SeenSet();
        const model = new Set<bigint>();
        for (const h of added) {
          expect(set.add(h)).toBe(!model.has(h));
          model.add(h);
        }
        expect(set.size).toBe(model.size);
        for (const h of [...added, ...others]) expect(set.has(h)).toBe(model.has(h));
      }),
    );
  });

  it('survives its own encoding', () => {
    fc.assert(
      fc.property(hashes, (added) => {
        const set = new SeenSet();
        for (const h of added) set.add(h);
        const back = SeenSet.decode(set.encode());
        expect(back.size).toBe(set.size);
        for (const h of added) expect(back.has(h)).toBe(true);
      }),
    );
  });

  it('copes with hashes that share their low bits', () => {
    const set = new SeenSet();
    for (let i = 1n; i <= 1000n; i++) set.add(i << 40n);
    for (let i = 1n; i <= 1000n; i++) expect(set.has(i << 40n)).toBe(true);
    expect(set.has(1001n << 40n)).toBe(false);
  });

  it('refuses bytes that are cut short', () => {
    expect(() => [...decodeHashes(new Uint8Array(15))]).toThrow('cut short');
  });

  it('tells page types, methods and bodies of one URL apart by their keys', () => {
    expect(keyHash('list https://x.example/')).not.toBe(keyHash('detail https://x.example/'));
  });
});
