import fc from 'fast-check';
import { expect, test } from 'vitest';
import { conversions } from '../../functions/scraper/convert.ts';
import { parseDate } from '../../functions/scraper/convert-date.ts';
import { parseNumber } from '../../functions/scraper/convert-number.ts';

const locales = ['en', 'de', 'fr', 'de-CH', 'es', 'ru', 'sv', 'pt-BR', 'ja', 'en-IN', 'it'];

test('a number written in any locale reads back in it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -99_999_999, max: 99_999_999 }),
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom(...locales),
      (n, digits, locale) => {
        const value = n / 10 ** digits;
        const text = new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
        expect(parseNumber(`Price: ${text} each`, locale)).toBe(value === 0 ? 0 : value);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a price in any currency reads back without knowing the locale, when its decimals tell', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 99_999_999 }),
      fc.constantFrom(...locales),
      fc.constantFrom('USD', 'EUR', 'GBP', 'CHF', 'SEK', 'INR', 'BRL'),
      (cents, locale, currency) => {
        const text = new Intl.NumberFormat(locale, {
          style: 'currency',
          currency,
          minimumFractionDigits: 2,
          maximumFractionDigits: 2,
        }).format(cents / 100);
        expect(parseNumber(text)).toBe(cents / 100);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a date written with the name of its month reads back in its locale', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1900-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
      fc.constantFrom('en-US', 'en-GB', 'de', 'fr', 'es', 'ru', 'pl', 'pt', 'it', 'nl', 'sv', 'cs', 'ja', 'ko', 'zh'),
      (date, locale) => {
        const text = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(date);
        expect(parseDate(text, { locale })).toBe(date.toISOString().slice(0, 10));
      },
    ),
    { numRuns: 1_000 },
  );
});

test('ISO and HTTP dates read back to the same moment', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('1900-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }), (date) => {
      expect(parseDate(date.toISOString())).toBe(date.toISOString());
      expect(parseDate(date.toUTCString())).toBe(new Date(date.toUTCString()).toISOString());
    }),
  );
});

test('no text makes a conversion throw, and what it gives is JSON', () => {
  const noise = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\d.,:/ TZ+-]{0,30}$/), fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(noise, fc.constantFrom(...Object.keys(conversions)), fc.constantFrom(undefined, ...locales), (text, kind, locale) => {
      const value = conversions[kind as keyof typeof conversions](text, { locale, absolute: (address) => address });
      expect(JSON.parse(JSON.stringify({ value }))).toEqual(value === undefined ? {} : { value });
    }),
    { numRuns: 2_000 },
  );
});
