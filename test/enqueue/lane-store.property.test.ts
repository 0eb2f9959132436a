import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordReader } from '../../functions/enqueue/lane-record.ts';
import { LaneStore } from '../../functions/enqueue/lane-store.ts';
import { chunksOf } from '../urls/read.ts';
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
  const lanes = fc.constantFrom('a', 'b', 'c.example', 'ü'.repeat(60));
  const filling = fc.array(
    fc.tuple(lanes, fc.oneof({ weight: 9, arbitrary: line }, { weight: 1, arbitrary: fc.constant('y'.repeat(60_000)) })),
    { maxLength: 60 },
  );

  it('gives each lane its lines in order, as records cut anywhere, however often it is filled again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(filling, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 300_000 }),
        async (fillings, chunkBytes) => {
          const store = new LaneStore(0, 70_000);
          for (const lines of fillings) {
            for (const [name, text] of lines) append(store, name, text);
            const expected = Map.groupBy(lines, ([name]) => name);
            expect([...store.largerThan(0)]).toEqual([...expected].map(([name, { length }]) => [name, length]));
            const records = await readAll(store, chunkBytes);
            expect(records).toEqual(new Map([...expected].map(([name, entries]) => [name, entries.map(([, text]) => text)])));
            store.clear();
            expect(store.laneCount).toBe(0);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('cuts a large lane into records that a reader can hold, in the order of the lanes’ hashes', async () => {
    const store = new LaneStore(0, 70_000);
    const large = (i: number) => `{"url":"https://large/${i}","data":"${'x'.repeat(i % 1_500)}${i}"}`;
    for (let i = 0; i < 2_000; i++) append(store, 'large', large(i));
    for (let i = 0; i < 50; i++) append(store, `small${i}`, `{"url":"https://small/${i}"}`);
    const reader = new RecordReader(chunksOf(Buffer.concat([...store.records()]), 1_000));
    const seen: { name: string; low: number }[] = [];
    const out = Buffer.alloc(10_000);
    const lines: string[] = [];
    while (await reader.advance()) {
      seen.push({ name: reader.name, low: reader.low });
      while (reader.hasLine) {
        const end = reader.line(out, 0);
        if (reader.name === 'large') lines.push(out.toString('utf8', 0, end));
      }
    }
    expect(lines).toEqual(Array.from({ length: 2_000 }, (_, i) => large(i)));
    expect(seen.filter(({ name }) => name === 'large').length).toBeGreaterThan(3);
    expect(new Set(seen.map(({ name }) => name)).size).toBe(51);
    expect(seen).toEqual(seen.toSorted((a, b) => a.low - b.low));
  });

  it('holds URLs of one host in a fifth of their bytes', () => {
    const store = new LaneStore(0, 1_000);
    let bytes = 0;
    for (let i = 0; i < 10_000; i++) bytes += append(store, 'a', `{"url":"https://shop.example/catalogue/item-${i}.html"}`);
    expect(store.usedBytes * 5).toBeLessThan(bytes);
  });

  it('that is cut short is not taken for whole', async () => {
    const store = new LaneStore(0, 1_000);
    append(store, 'a', '{"url":"https://a/1"}');
    const whole = Buffer.concat([...store.records()]);
    for (let length = 1; length < whole.length; length++) {
      await expect(new RecordReader(chunksOf(whole.subarray(0, length), 7)).advance()).rejects.toThrow('cut short');
    }
  });
});

function append(store: LaneStore, name: string, text: string): number {
  const bytes = Buffer.from(`(${name})`);
  const json = Buffer.from(text);
  store.append(bytes, 1, bytes.length - 1, json, json.length);
  return json.length;
}

async function readAll(store: LaneStore, chunkBytes: number): Promise<Map<string, string[]>> {
  const reader = new RecordReader(chunksOf(Buffer.concat([...store.records()]), chunkBytes));
  const out = Buffer.alloc(70_000);
  const lanes = new Map<string, string[]>();
  while (await reader.advance()) {
    const lines = lanes.get(reader.name) ?? [];
    while (reader.hasLine) lines.push(out.toString('utf8', 0, reader.line(out, 0)));
    lanes.set(reader.name, lines);
  }
  return lanes;
}
