import type { CheerioAPI } from 'cheerio/slim';
import { readableText } from '../scraper/page-text.ts';
import type { ElementNode } from '../scraper/page-tree.ts';
import { clip } from './words.ts';

/** Bounds on one table, against spans that claim millions of cells (HTML, section 4.9.11 caps colspan at 1,000 too). */
export const tableLimits = { columns: 200, rows: 20_000, cellChars: 2_000 } as const;

export interface TableRow {
  /** Place of the table in the page, from 1. */
  table: number;
  caption?: string;
  /** The last heading before the table. */
  heading?: string;
  /** Place of the row among the data rows of its table, from 1. */
  row: number;
  /** By the column's header; `column2` where it has none, `Price 2` where two are alike. */
  cells: Record<string, string>;
}

/** Reads every table that has data rows; a cell that spans rows or columns counts in each of them. Tables inside of cells are tables of their own. */
export function* readTables($: CheerioAPI): Generator<TableRow> {
  let heading: string | undefined;
  let number = 0;
  for (const element of $('h1,h2,h3,h4,h5,h6,table').toArray()) {
    if (element.name !== 'table') {
      heading = textOf(element) || heading;
      continue;
    }
    const { header, rows } = split(grid($, element));
    if (rows.length === 0) continue;
    number++;
    const caption = $(element).children('caption').toArray().map(textOf)[0];
    const names = columnNames(header, Math.max(...rows.map((row) => row.length)));
    for (const [i, row] of rows.entries()) {
      yield {
        table: number,
        ...(caption && { caption }),
        ...(heading !== undefined && { heading }),
        row: i + 1,
        cells: Object.fromEntries(row.map((cell, column) => [names[column] ?? '', cell.text])),
      };
    }
  }
}

interface Cell {
  readonly text: string;
  readonly isHeader: boolean;
}

/** The table as rows and columns, its own rows only. */
function grid($: CheerioAPI, table: ElementNode): Cell[][] {
  const rows: Cell[][] = [];
  /** Cells from above that reach further down: by column, with the rows left. */
  let hanging = new Map<number, { cell: Cell; left: number }>();
  for (const tr of $(table).children('thead,tbody,tfoot').addBack().children('tr').toArray().slice(0, tableLimits.rows)) {
    const row: Cell[] = [];
    const next = new Map<number, { cell: Cell; left: number }>();
    const cells = $(tr).children('td,th').toArray();
    for (let column = 0, at = 0; column < tableLimits.columns; column++) {
      const above = hanging.get(column);
      if (above) {
        row[column] = above.cell;
        if (above.left > 1) next.set(column, { cell: above.cell, left: above.left - 1 });
        continue;
      }
      const own = cells[at++];
      if (!own) {
        if ([...hanging.keys()].every((c) => c <= column)) break;
        row[column] = { text: '', isHeader: false };
        continue;
      }
      const cell: Cell = { text: textOf(own), isHeader: own.name === 'th' };
      const width = Math.min(span(own, 'colspan'), tableLimits.columns - column);
      const height = span(own, 'rowspan');
      for (let i = 0; i < width; i++) {
        row[column + i] = cell;
        if (height > 1) next.set(column + i, { cell, left: height - 1 });
      }
      column += width - 1;
    }
    hanging = next;
    if (row.length > 0) rows.push(row);
  }
  return rows;
}

/** Rows of nothing but header cells at the top name the columns; all others are data. */
function split(rows: readonly Cell[][]): { header: readonly Cell[][]; rows: readonly Cell[][] } {
  const firstData = rows.findIndex((row) => row.some((cell) => !cell.isHeader));
  return firstData < 0 ? { header: [], rows: [] } : { header: rows.slice(0, firstData), rows: rows.slice(firstData) };
}

/** Header rows one above the other are read downwards: `2024 Price`. */
function columnNames(header: readonly Cell[][], columns: number): string[] {
  const used = new Map<string, number>();
  return Array.from({ length: columns }, (_, column) => {
    const parts = new Set(header.map((row) => row[column]?.text ?? '').filter((text) => text !== ''));
    const name = [...parts].join(' ') || `column${column + 1}`;
    const count = (used.get(name) ?? 0) + 1;
    used.set(name, count);
    return count === 1 ? name : `${name} ${count}`;
  });
}

function textOf(element: ElementNode): string {
  return clip(readableText(element, tableLimits.cellChars + 1), tableLimits.cellChars);
}

/** HTML, section 4.9.11: a span that is no positive number is 1. rowspan=0 reaches to the end. */
function span(cell: ElementNode, name: 'colspan' | 'rowspan'): number {
  const value = Number.parseInt(cell.attribs[name] ?? '1', 10);
  if (name === 'rowspan' && value === 0) return tableLimits.rows;
  return Number.isNaN(value) || value < 1 ? 1 : Math.min(value, name === 'colspan' ? tableLimits.columns : tableLimits.rows);
}
