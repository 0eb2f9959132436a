import type { Json } from '../../functions/job/request.ts';
import { printable } from './printable.ts';

/** Characters that terminals draw two columns wide: East Asian wide and full-width blocks, and emoji (Unicode Annex 11). */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]|\p{Extended_Pictographic}/u;
const MAX_CELL = 40;
const MIN_CELL = 6;
const GAP = '  ';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * Items as a table: a column for each field, as many as fit, numbers to the right, long texts cut.
 *
 * @param columns - width of the terminal.
 */
export function table(items: readonly Json[], columns: number): string {
  const rows = items.map((item) => (typeof item === 'object' && item !== null && !Array.isArray(item) ? item : { item }));
  const names = fitting([...new Set(rows.flatMap((row) => Object.keys(row)))], rows, columns);
  const isNumber = names.map(({ name }) => rows.every((row) => ['number', 'undefined'].includes(typeof (row[name] ?? undefined))));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => pad(cell, names[i]?.width ?? 0, isNumber[i] ?? false))
      .join(GAP)
      .trimEnd();
  const body = rows.map((row) => line(names.map(({ name, width }) => cut(cellText(row[name]), width))));
  return [line(names.map(({ name, width }) => cut(name, width))), line(names.map(({ width }) => '-'.repeat(width))), ...body].join('\n');
}

interface Column {
  readonly name: string;
  readonly width: number;
}

/** Columns from the left while there is room; the last one may be cut narrower. */
function fitting(names: readonly string[], rows: readonly Readonly<Record<string, Json>>[], columns: number): Column[] {
  const fit: Column[] = [];
  let room = columns;
  for (const name of names) {
    const wanted = Math.min(MAX_CELL, Math.max(textWidth(name), ...rows.map((row) => textWidth(cellText(row[name])))));
    const gap = fit.length > 0 ? GAP.length : 0;
    const width = Math.min(wanted, room - gap);
    if (fit.length > 0 && width < Math.min(wanted, MIN_CELL)) break;
    fit.push({ name: printable(name), width: Math.max(1, width) });
    room -= width + gap;
  }
  return fit;
}

function cellText(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value) && value.every((v) => typeof v !== 'object')) return printable(value.join(', '));
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

function textWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  let used = 1;
  for (const { segment } of graphemes.segment(text)) {
    used += WIDE.test(segment) ? 2 : 1;
    if (used > width) break;
    kept += segment;
  }
  return `${kept}…`;
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - textWidth(text)));
  return right ? space + text : text + space;
}
