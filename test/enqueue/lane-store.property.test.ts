import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LaneStore } from '../../functions/enqueue/lane-store.ts';
import type { LaneRun } from '../../functions/enqueue/lane-table.ts';
import { decodeLine, encodeLine, MAX_OVERHEAD_BYTES } from '../../functions/enqueue/line-code.ts';

const value = fc.oneof(
  fc.stringMatching(/^[a-c"\\/]{0,10}$/),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.stringMatching(/^x{100,300}$/),
);
const line = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.stringMatching(/^[a-z0-9/]{0,12}$/), value)
      .map(([path, name]) => JSON.stringify({ url: `https://a.example/${path}.html`, data: { name } })),
  },
  { weight: 2, arbitrary: fc.stringMatching(/^[ab"]{1,40}$/) },
  { weight: 1, arbitrary: fc.constantFrom('"'.repeat(1_500), 'x'.repeat(2_000), `"a`.repeat(400)) },
);

describe('a line told by its model', () => {
  it('comes back as it was, within the bytes that were promised', () => {
    fc.assert(
      fc.property(line, fc.oneof(line, fc.constant('')), (text, modelText) => {
        const bytes = Buffer.from(text);
        const model = Buffer.from(`..${modelText}..`);
        const modelEnd = model.length - 2;
        const code = new Uint8Array(bytes.length + MAX_OVERHEAD_BYTES);
        const length = encodeLine(bytes, bytes.length, model, 2, modelEnd, code);
        expect(length).toBeLessThanOrEqual(code.length);
        const out = Buffer.alloc(bytes.length + 10);
        const place = { at: 0, to: 3 };
        decodeLine(code, model, 2, modelEnd, out, place);
        expect(place).toEqual({ at: length, to: 3 + bytes.length });
        expect(out.toString('utf8', 3, place.to)).toBe(text);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('a store of lanes', () => {
  it('gives each lane its lines in order, whatever was released and filled again', () => {
    const lanes = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof({ weight: 9, arbitrary: fc.tuple(lanes, line) }, { weight: 1, arbitrary: lanes });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const store = new LaneStore(0, 2_100);
        const expected = new Map<string, string[]>();
        for (const one of steps) {
          if (typeof one === 'string') {
            store.release(store.lanes.filter((lane) => lane.name === one));
            expected.delete(one);
            continue;
          }
          const [name, text] = one;
          const bytes = Buffer.from(text);
          store.append(laneOf(store, name), bytes, bytes.length);
          expected.set(name, [...(expected.get(name) ?? []), text]);
        }
        expect(store.lanes.map((lane) => lane.name)).toEqual([...expected.keys()]);
        for (const lane of store.lanes) {
          const lines = expected.get(lane.name) ?? [];
          expect(readAll(store, lane)).toEqual(lines);
          expect([lane.count, lane.lineBytes]).toEqual([lines.length, lines.reduce((sum, text) => sum + Buffer.byteLength(text), 0)]);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('holds URLs of one host in a fifth of their bytes', () => {
    const store = new LaneStore(0, 1_000);
    const lane = laneOf(store, 'a');
    for (let i = 0; i < 10_000; i++) {
      const bytes = Buffer.from(`{"url":"https://shop.example/catalogue/item-${i}.html"}`);
      store.append(lane, bytes, bytes.length);
    }
    expect(store.usedBytes * 5).toBeLessThan(lane.lineBytes);
  });

  it('begins anew with all of its memory when nothing is left in it', () => {
    const store = new LaneStore(0, 1_000);
    const empty = store.heldBytes;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 1_000; i++) {
        store.append(laneOf(store, `lane${i}`), Buffer.from(`{"url":"https://lane${i}.example/"}`), 30);
      }
      expect(store.usedBytes).toBeGreaterThan(100_000);
      store.release([...store.lanes]);
      expect([store.usedBytes, store.heldBytes]).toEqual([0, empty]);
    }
  });
});

function readAll(store: LaneStore, lane: LaneRun): string[] {
  const out = Buffer.alloc(10_000);
  const lines: string[] = [];
  const reader = store.read(lane);
  while (reader.left > 0) lines.push(out.toString('utf8', 0, reader.next(out, 0)));
  return lines;
}

function laneOf(store: LaneStore, name: string): LaneRun {
  const bytes = Buffer.from(`(${name})`);
  return store.lane(bytes, 1, bytes.length - 1);
}
