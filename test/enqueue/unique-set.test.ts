import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UniqueSet } from '../../functions/enqueue/unique-set.ts';

describe('a set of known requests', () => {
  it('knows a key again by its bytes, wherever they lie', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ maxLength: 9 }), fc.boolean()), { maxLength: 200 }), fc.nat(9), (keys, offset) => {
        const set = new UniqueSet();
        const model = new Set<string>();
        for (const [key, isClosed] of keys) {
          const bytes = Buffer.concat([Buffer.alloc(offset, 'x'), Buffer.from(key), Buffer.from('yz')]);
          expect(set.add(bytes, offset, bytes.length - 2, isClosed)).toBe(!model.has(key));
          if (!isClosed) model.add(key);
          expect(set.size).toBe(model.size);
        }
      }),
    );
  });

  it('tells a million keys of one pattern apart', () => {
    const set = new UniqueSet();
    const bytes = Buffer.from('https://a.example/000000000');
    const add = (i: number) => {
      bytes.write(String(i).padStart(9, '0'), 18);
      return set.add(bytes, 0, bytes.length);
    };
    let fresh = 0;
    for (let i = 0; i < 1_000_000; i++) if (add(i)) fresh++;
    expect(fresh).toBe(1_000_000);
    for (let i = 0; i < 1_000_000; i += 997) if (add(i)) fresh++;
    expect(fresh).toBe(1_000_000);
  });

  it('spreads similar keys over both halves of its hash', () => {
    // Were one half constant for a family of keys, those keys would collide once in 65,000, not once in four billion.
    const set = new UniqueSet();
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    let fresh = 0;
    for (let i = 0; i < 300_000; i++) {
      view.setUint32(0, i);
      view.setUint32(4, Math.imul(i, 0x01000100));
      if (set.add(bytes, 0, 8)) fresh++;
    }
    expect(fresh).toBe(300_000);
  });

  it('forgets when told to', () => {
    const set = new UniqueSet();
    const bytes = Buffer.from('key');
    set.add(bytes, 0, 3);
    set.clear();
    expect(set.size).toBe(0);
    expect(set.add(bytes, 0, 3)).toBe(true);
  });
});
