/** Signs between groups of digits: comma, point, apostrophes, the Arabic thousands sign, spaces that do not break a line. */
const GROUP = String.raw`[.,'\u2019\u066c \u00a0\u202f\u2009]`;
const FRACTION = String.raw`(?:[.,\u066b]\d+)?`;
const EXPONENT = String.raw`(?:[eE][-+]?\d+(?![\p{L}\d]))?`;

/** India's groups (1,23,456.7), groups of three with one sign between them, plain digits, or a fraction alone. */
const NUMBER = new RegExp(
  String.raw`(?<indian>\d{1,2}(?:,\d{2})+,\d{3}(?!\d)(?:\.\d+)?)` +
    String.raw`|(?<whole>\d{1,3}(?<sign>${GROUP})\d{3}(?!\d)(?:\k<sign>\d{3}(?!\d))*)(?<rest>${FRACTION})` +
    String.raw`|(?<plain>(?:\d+${FRACTION}|[.,]\d+)${EXPONENT})`,
  'u',
);

/** Numbers are looked for in no more than this. */
const MAX_CHARS = 10_000;

/**
 * The first number in a text, whatever stands around it: `£1,234.50`, `1.234,50 €`, `12 345 kr`, `(22)`, `−5 °C`, `CHF 1'200.–`.
 *
 * @param locale - BCP 47: decides whether a lone point or comma before three digits groups thousands. Absent, a comma does and a point
 *   does not: `1,234` is 1234, `1.234` is 1.234. All other numbers tell by their shape.
 * @returns undefined where there are no digits, or more than a double can hold.
 */
export function parseNumber(text: string, locale?: string): number | undefined {
  const readable = asciiDigits(text.slice(0, MAX_CHARS));
  const found = NUMBER.exec(readable);
  if (!found) return undefined;
  const { indian, whole, sign = '', rest = '', plain } = found.groups ?? {};
  let value: number;
  if (indian !== undefined) value = Number(indian.replaceAll(',', ''));
  else if (plain !== undefined) value = Number(plain.replace(/[,٫]/, '.'));
  else {
    const groups = (whole ?? '').split(sign);
    const isFraction = groups.length === 2 && rest === '' && isDecimalSign(sign, groups[0] ?? '', locale);
    value = Number(isFraction ? groups.join('.') : groups.join('') + rest.replace(/^\D/, '.'));
  }
  if (!Number.isFinite(value)) return undefined;
  return value !== 0 && endsWithMinus(readable.slice(0, found.index)) ? -value : value;
}

/** Whether the one sign in a number such as `1.234` sets off a fraction. */
function isDecimalSign(sign: string, before: string, locale: string | undefined): boolean {
  if (sign !== '.' && sign !== ',') return false;
  if (before.startsWith('0')) return true;
  return sign === (locale === undefined ? '.' : decimalSignOf(locale));
}

const signs = new Map<string, string>();

/** @throws {RangeError} for a locale that is no BCP 47 tag; definitions are checked for it. */
function decimalSignOf(locale: string): string {
  let sign = signs.get(locale);
  if (sign === undefined) {
    sign = new Intl.NumberFormat(locale, { numberingSystem: 'latn' }).formatToParts(0.5).find((p) => p.type === 'decimal')?.value ?? '.';
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

/** A minus that belongs to the number behind it: not the hyphen of a word or a range; apart from the number only at the very beginning. */
function endsWithMinus(text: string): boolean {
  return /(?:(?:^|[^\p{L}\p{N}])[-−]\p{Sc}?\s?|^\s*[-−–]\s*\p{Sc}?\s*)$/u.test(text);
}
