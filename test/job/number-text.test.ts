import { expect, it } from 'vitest';
import fc from 'fast-check';
import { fixedText, numberText, significantText } from '../../functions/job/number-text.ts';

it('writes numbers as ICU does in English', () => {
  const amounts = fc.oneof(fc.nat(), fc.double({ min: 1e-9, max: 0.1, noNaN: true }), fc.double({ min: 0.001, max: 1e9, noNaN: true }));
  fc.assert(
    fc.property(amounts, (n) => {
      expect(numberText(n)).toBe(n.toLocaleString('en'));
      expect(fixedText(n, 2)).toBe(n.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 }));
      for (const digits of [2, 3]) expect(significantText(n, digits)).toBe(n.toLocaleString('en', { maximumSignificantDigits: digits }));
    }),
  );
});
