import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvField, csvRecord } from '../../../infra/cli/csv-text.ts';

const cell = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('=1+1', '-x', '+49 30', '@cmd', '\t=1', '\r=1', 'a"b', 'a,b', 'a\nb', ' a '),
);

test('a record reads back as the same texts, save the apostrophe that disarms a formula', () => {
  fc.assert(
    fc.property(fc.array(cell, { minLength: 2, maxLength: 6 }), (cells) => {
      const [row] = parse(csvRecord(cells), { record_delimiter: '\r\n' });
      expect(row?.map((text, i) => (text === `'${cells[i]}` ? cells[i] : text))).toEqual(cells);
    }),
  );
});

test('no field begins as a spreadsheet begins a formula, numbers aside', () => {
  fc.assert(
    fc.property(cell, (text) => {
      const [[seen = ''] = []] = parse(`${csvField(text)},x\r\n`, { record_delimiter: '\r\n' });
      expect(/^[=+\-@\t\r＝＋－＠]/.test(seen) && Number.isNaN(Number(seen.replace(/%$/, '').replaceAll(/[.,]/g, '')))).toBe(false);
    }),
  );
});

test.each([
  [-5, '-5'],
  ['-5', '-5'],
  ['+1,234.50', '"+1,234.50"'],
  ['-12.5%', '-12.5%'],
  ['=HYPERLINK("http://evil")', `"'=HYPERLINK(""http://evil"")"`],
  ['-2+3+cmd|calc', "'-2+3+cmd|calc"],
  ['＝1+1', "'＝1+1"],
  [null, ''],
  [undefined, ''],
  [true, 'true'],
  [['a', 1], '"[""a"",1]"'],
  [{ a: 1 }, '"{""a"":1}"'],
])('%j becomes %s', (value, expected) => {
  expect(csvField(value)).toBe(expected);
});
