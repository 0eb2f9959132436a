import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LineWriter } from '../../functions/job/line-writer.ts';
import { readLines } from '../helpers/lines.ts';
import { Stage } from '../helpers/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage[Symbol.asyncDispose]());

describe('a line writer', () => {
  it('shows nothing before it is closed, then all of it, in order', async () => {
    const { objects } = stage.cloud;
    const writer = new LineWriter(objects, 'a/lines.jsonl.gz');
    const n = 20_000;
    for (let i = 0; i < n; i++) await writer.write({ i, text: 'x'.repeat(100) });
    expect(await objects.head('a/lines.jsonl.gz')).toBeUndefined();
    await writer.close();
    const lines = await readLines<{ i: number }>(objects, 'a/');
    expect(lines.map((l) => l.i)).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  it('keeps lines whole when many write without waiting for one another', async () => {
    const { objects } = stage.cloud;
    const writer = new LineWriter(objects, 'b/lines.jsonl.gz');
    await Promise.all(
      Array.from({ length: 2_000 }, async (_, i) => {
        await writer.write({ i, text: `${i}`.repeat(200) });
      }),
    );
    await writer.close();
    const lines = await readLines<{ i: number; text: string }>(objects, 'b/');
    expect(lines.every((l) => l.text === `${l.i}`.repeat(200))).toBe(true);
    expect(new Set(lines.map((l) => l.i)).size).toBe(2_000);
  });

  it('leaves no object without a line, nor when it is given up', async () => {
    const { objects } = stage.cloud;
    await new LineWriter(objects, 'c/none.jsonl.gz').close();
    const given = new LineWriter(objects, 'c/given-up.jsonl.gz');
    for (let i = 0; i < 10_000; i++) await given.write({ i, text: 'x'.repeat(100) });
    await given.abort();
    expect(await readLines(objects, 'c/')).toEqual([]);
  });

  it('says so when the object cannot be written, be it small or a stream', async () => {
    const { objects } = stage.cloud;
    const [put, putStream] = [objects.put.bind(objects), objects.putStream.bind(objects)];
    objects.put = objects.putStream = () => Promise.reject(new Error('SlowDown'));
    for (const text of ['x', 'x'.repeat(100_000)]) {
      const writer = new LineWriter(objects, 'd/lines.jsonl.gz');
      await writer.write({ text });
      await expect(writer.close()).rejects.toThrow('SlowDown');
    }
    Object.assign(objects, { put, putStream });
  });
});
