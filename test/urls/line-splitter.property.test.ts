import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../functions/urls/line-splitter.ts';
import { MAX_LINE_BYTES } from '../../functions/urls/types.ts';

describe('lines', () => {
  it('are the same however blocks cut them, and numbered as an editor numbers them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.stringMatching(/^[a-c\r]{0,5}$/), fc.constantFrom(1, 65_535, 65_536, 65_537, 140_000)), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 20 }),
        (parts, cuts) => {
          const lines = parts.map((part) => (typeof part === 'number' ? 'x'.repeat(part) : part));
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const seen: string[] = [];
          const splitter = new LineSplitter({
            line: (b, start, end, line) => void seen.push(`${line} ${b.toString('latin1', start, end)}`),
            tooLong: (head, line) => void seen.push(`${line} too long: ${head.toString('latin1')}`),
          });
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = cuts[i % cuts.length] ?? 1;
            const block = Buffer.from(bytes.subarray(at, at + size));
            splitter.write(block);
            block.fill(0);
            at += size;
          }
          splitter.end();
          const expected = lines.map((line, i) =>
            line.length > MAX_LINE_BYTES ? `${i + 1} too long: ${line.slice(0, 200)}` : `${i + 1} ${line.replace(/\r$/, '')}`,
          );
          expect(seen).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});
