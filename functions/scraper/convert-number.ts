/** Digits of a number with separators between them: comma, point, apostrophes, Arabic separators, spaces of every width. */
const NUMBER = /[-+−(]?\s?\p{Sc}?\s?(?:\d(?:[.,'’٫٬\s\u00a0\u202f\u2009]?\d)*|[.,]\d+)(?:[eE][-+]?\d+(?!\w))?/u;

/**
 * The first number in a text, whatever stands around it: `£1,234.50`, `1.234,50 €`, `12 345 kr`, `(3)`, `−5 °C`, `CHF 1'200.–`.
 *
 * @param locale - BCP 47: decides what points and commas mean. Absent, their shape does: with both, the last one is the decimal sign; one
 *   alone that repeats, or a comma with exactly three digits behind it, groups thousands; any other is the decimal sign.
 * @returns undefined where there are no digits, or more than a double can hold.
 */
export function parseNumber(text: string, locale?: string): number | undefined {
  const found = NUMBER.exec(asciiDigits(text.length > 10_000 ? text.slice(0, 10_000) : text))?.[0];
  if (found === undefined) return undefined;
  const [mantissa = '', exponent] = found.split(/e/i);
  const digits = mantissa
    .replaceAll(/[^\d.,٫٬]/g, '')
    .replaceAll('٫', '.')
    .replaceAll('٬', ',');
  const decimal = locale === undefined ? decimalByShape(digits, /[٫٬]/.test(mantissa)) : decimalSign(locale);
  const at = decimal === undefined ? -1 : digits.lastIndexOf(decimal);
  const whole = (at < 0 ? digits : digits.slice(0, at)).replaceAll(/\D/g, '');
  const fraction = at < 0 ? '' : digits.slice(at + 1).replaceAll(/\D/g, '');
  const negative = /^[-−]/.test(mantissa) || (mantissa.startsWith('(') && text.includes(')'));
  const value = Number(`${whole || '0'}.${fraction || '0'}${exponent === undefined ? '' : `e${exponent}`}`);
  if (!Number.isFinite(value)) return undefined;
  return negative && value !== 0 ? -value : value;
}

function decimalByShape(digits: string, arabic: boolean): '.' | ',' | undefined {
  const point = digits.lastIndexOf('.');
  const comma = digits.lastIndexOf(',');
  if (arabic) return '.';
  if (point >= 0 && comma >= 0) return point > comma ? '.' : ',';
  const at = Math.max(point, comma);
  if (at < 0) return undefined;
  const sign = point >= 0 ? '.' : ',';
  if (digits.indexOf(sign) !== at) return undefined;
  return sign === ',' && digits.length - at === 4 && at > 0 && digits[0] !== '0' ? undefined : sign;
}

const signs = new Map<string, '.' | ','>();

/** @throws {RangeError} for a locale that is no BCP 47 tag; definitions are checked for it. */
function decimalSign(locale: string): '.' | ',' {
  let sign = signs.get(locale);
  if (!sign) {
    const part = new Intl.NumberFormat(locale, { numberingSystem: 'latn' }).formatToParts(0.5).find((p) => p.type === 'decimal');
    sign = part?.value === ',' ? ',' : '.';
    signs.set(locale, sign);
  }
  return sign;
}

/** Decimal digits of other scripts (Arabic-Indic, Devanagari, full width …) as ASCII: Unicode keeps each script's ten in a row. */
function asciiDigits(text: string): string {
  return text.replaceAll(/(?![0-9])\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    let zero = code;
    while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String(code - zero);
  });
}
