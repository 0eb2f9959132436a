export interface DateOptions {
  /** BCP 47, for names of months. Absent: English. */
  readonly locale?: string | undefined;
  /** Order of a numeric date, as in `dd/MM/yyyy HH:mm`. */
  readonly format?: string | undefined;
}

interface DateParts {
  readonly year: number;
  /** 1-12. */
  readonly month: number;
  readonly day: number;
  readonly time?: string | undefined;
  readonly zone?: string | undefined;
}

const TIME = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s?([ap])\.?m\.?)?`;
const ZONE = String.raw`(?:\s?(z|utc|gmt|[+-]\d{2}:?\d{2}|[+-]\d{2}|[ecmp][sd]t)\b)?`;
const TIME_AND_ZONE = new RegExp(String.raw`(?:^|[\st,])${TIME}${ZONE}`, 'i');
const ISO = /(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)/;
const EAST_ASIAN = /(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?/;
const YEAR_FIRST = /(?<!\d)(\d{4})[./](\d{1,2})[./](\d{1,2})(?!\d)/;

/** North American zone names of RFC 5322, section 4.3. */
const NAMED_ZONES: Readonly<Record<string, string>> = {
  z: 'Z',
  utc: 'Z',
  gmt: 'Z',
  est: '-05:00',
  edt: '-04:00',
  cst: '-06:00',
  cdt: '-05:00',
  mst: '-07:00',
  mdt: '-06:00',
  pst: '-08:00',
  pdt: '-07:00',
};

/**
 * The first date in a text as ISO 8601. Reads ISO 8601, RFC 5322, dates with names of months (`5 March 2024`, `Mar 5th, 2024`), year-first
 * numbers (`2024/3/5`, `2024年3月5日`), and any numeric order that `format` gives. `03/04/2024` without a format is no date: two readings.
 *
 * @returns `2024-03-05`; with a time `2024-03-05T14:30:00`; with a zone in UTC, `2024-03-05T13:30:00.000Z`. undefined where there is none.
 */
export function parseDate(text: string, options: DateOptions = {}): string | undefined {
  const short = text.length > 2_000 ? text.slice(0, 2_000) : text;
  const parts = options.format === undefined ? byShape(short, options.locale) : byFormat(short, options.format);
  return parts && isoFrom(parts);
}

function byShape(text: string, locale: string | undefined): DateParts | undefined {
  const numeric = ISO.exec(text) ?? EAST_ASIAN.exec(text) ?? YEAR_FIRST.exec(text);
  if (numeric) return withTime(text, numeric, Number(numeric[1]), Number(numeric[2]), Number(numeric[3]));
  // Written here, these two are compiled with the first date that needs them and not with every start.
  const dayFirst = /(?<!\d)(\d{1,2})(?:\.|st|nd|rd|th|º|er)?[\s-]+(?:de\s+)?(\p{L}[\p{L}\p{M}]*)\.?,?[\s-]+(?:de\s+)?(\d{4})(?!\d)/u.exec(
    text,
  );
  const named = dayFirst && monthNumber(dayFirst[2] ?? '', locale);
  if (dayFirst && named) return withTime(text, dayFirst, Number(dayFirst[3]), named, Number(dayFirst[1]));
  const monthFirst = /(\p{L}[\p{L}\p{M}]*)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)/u.exec(text);
  const month = monthFirst && monthNumber(monthFirst[1] ?? '', locale);
  return monthFirst && month ? withTime(text, monthFirst, Number(monthFirst[3]), month, Number(monthFirst[2])) : undefined;
}

function byFormat(text: string, format: string): DateParts | undefined {
  const names: string[] = [];
  const pattern = format.replaceAll(/[.*+?^${}()|[\]\\]|(y+|M+|d+|H+|m+|s+)/g, (all, letters: string | undefined) => {
    if (letters === undefined) return `\\${all}`;
    names.push(letters.charAt(0));
    return letters.startsWith('y') ? (letters.length > 2 ? String.raw`(\d{4})` : String.raw`(\d{2})`) : String.raw`(\d{1,2})`;
  });
  const found = new RegExp(`(?<!\\d)${pattern}(?!\\d)`).exec(text);
  if (!found) return undefined;
  const part = (letter: string) => (names.includes(letter) ? Number(found[names.indexOf(letter) + 1]) : undefined);
  const year = part('y') ?? 0;
  const date = { year: year < 100 ? 2000 + year - (year > 69 ? 100 : 0) : year, month: part('M') ?? 0, day: part('d') ?? 1 };
  const hour = part('H');
  if (hour === undefined) return withTime(text, found, date.year, date.month, date.day);
  return { ...date, time: clock(hour, part('m') ?? 0, part('s') ?? 0) };
}

/** Looks for a time of day behind the date, then before it. */
function withTime(text: string, found: RegExpExecArray, year: number, month: number, day: number): DateParts {
  const behind = text.slice(found.index + found[0].length);
  const time = TIME_AND_ZONE.exec(behind) ?? TIME_AND_ZONE.exec(text.slice(0, found.index));
  if (!time) return { year, month, day };
  const [, h = '0', m = '0', s = '0', fraction, half, zone] = time;
  const hour = half === undefined ? Number(h) : (Number(h) % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
  return { year, month, day, time: clock(hour, Number(m), Number(s), fraction), zone };
}

function clock(hour: number, minute: number, second: number, fraction = ''): string | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return `${pad(hour)}:${pad(minute)}:${pad(second)}${fraction === '' ? '' : `.${fraction.slice(0, 3).padEnd(3, '0')}`}`;
}

function isoFrom({ year, month, day, time, zone }: DateParts): string | undefined {
  const date = `${String(year).padStart(4, '0')}-${pad(month)}-${pad(day)}`;
  // 31 February rolls over in Date.UTC: such a text is no date.
  const check = new Date(Date.UTC(year, month - 1, day));
  if (check.getUTCMonth() !== month - 1 || check.getUTCDate() !== day || year < 1) return undefined;
  if (time === undefined) return date;
  if (zone === undefined) return `${date}T${time}`;
  const offset = NAMED_ZONES[zone.toLowerCase()] ?? zone.replace(/^([+-]\d{2}):?(\d{2})?$/, (_, h: string, m = '00') => `${h}:${m}`);
  const at = new Date(`${date}T${time}${offset}`);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

const monthNames = new Map<string, ReadonlyMap<string, number>>();

/** A month by its long or short name, or the beginning of one of at least three letters. */
function monthNumber(word: string, locale = 'en'): number | undefined {
  let names = monthNames.get(locale);
  if (!names) {
    names = new Map(['long', 'short'].flatMap((form) => namesOf(locale, form as 'long' | 'short')));
    monthNames.set(locale, names);
  }
  const wanted = word.toLocaleLowerCase(locale);
  const exact = names.get(wanted);
  if (exact !== undefined || wanted.length < 3) return exact;
  return [...names].find(([name]) => name.startsWith(wanted))?.[1];
}

/** @throws {RangeError} for a locale that is no BCP 47 tag; definitions are checked for it. */
function namesOf(locale: string, form: 'long' | 'short'): [string, number][] {
  const months = Array.from({ length: 12 }, (_, i) => i);
  // With a day beside it a month stands in the case that dates use: "5 марта", not "март".
  return [{ month: form, day: 'numeric' } as const, { month: form } as const].flatMap((shape) => {
    const format = new Intl.DateTimeFormat(locale, { ...shape, timeZone: 'UTC' });
    return months.map((i): [string, number] => {
      const name = format.formatToParts(new Date(Date.UTC(2024, i, 5))).find((p) => p.type === 'month')?.value ?? '';
      return [name.toLocaleLowerCase(locale).replace(/\.$/, ''), i + 1];
    });
  });
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
