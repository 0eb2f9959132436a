import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readInBlocks, shown } from './read.ts';

/** The header tells the delimiter, so it comes in one block, as it does in an input of 64 KiB blocks. */
const HEADER_BYTES = 8;
const field = fc.oneof(
  fc.stringMatching(/^[a-z0-9 .;]{0,8}$/),
  fc.stringMatching(/^[a-z",\r\n]{0,8}$/),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
);
const written = (value: string, isQuoted: boolean) => (isQuoted || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

describe('CSV as it may be written', () => {
  it('reads as csv-parse reads it whole, however the bytes arrive', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(field, { minLength: 2, maxLength: 2 }), fc.boolean(), fc.constantFrom('\n', '\r\n')), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.integer({ min: 1, max: 200 }),
        (rows, blockBytes) => {
          const text = `url,x,y\n${rows.map(([fields, isQuoted, end], i) => ['http://a/' + String(i), ...fields].map((f) => written(f, isQuoted)).join(',') + end).join('')}`;
          // The reader refuses NUL bytes; csv-parse does not.
          fc.pre(!text.includes('\0'));
          const [, ...expected] = parse(text, { record_delimiter: ['\n', '\r\n'] });
          expect(shown(readInBlocks(text, 'csv', blockBytes, HEADER_BYTES))).toEqual(
            expected.map(([url, x, y]) => ({ url, data: { x, y } })),
          );
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('never makes the reader throw or lose count of lines, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[ab",\r\n]{0,12}$/), { maxLength: 20 }),
        fc.integer({ min: 1, max: 50 }),
        (parts, blockBytes) => {
          const text = `url,n\n${parts.join('')}\n"http://a/",x\nnot a url\n`;
          const entries = shown(readInBlocks(text, 'csv', blockBytes, HEADER_BYTES));
          const lines = text.split('\n').length - 1;
          // The last line ends the file, so that whatever open quote comes before it, it is the last word.
          expect(entries.at(-1)).toMatch(new RegExp(`^bad-(url|line) \\d+: Line (${lines}|\\d+) of x`));
          const numbers = entries.map((entry) => Number(/^bad-\w+ (\d+)/.exec(String(entry))?.[1] ?? 0)).filter((n) => n > 0);
          expect(numbers).toEqual(numbers.toSorted((p, q) => p - q));
          expect(Math.max(...numbers)).toBeLessThanOrEqual(lines);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
