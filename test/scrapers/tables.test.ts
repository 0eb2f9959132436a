import { describe, expect, test } from 'vitest';
import tables from '../../functions/scrapers/tables.ts';
import { run } from '../scraper/run.ts';

const rowsOf = async (body: string) => (await run(tables, body)).items;

describe('tables', () => {
  test('gives one item for each data row, cells by header', async () => {
    expect(
      await rowsOf(`<h2>Tides</h2><table><caption>Osyth</caption>
        <tr><th>Time<th>Height</tr><tr><td>04:10<td>3.9 m</tr><tr><td>10:32<td>0.8 m</tr></table>`),
    ).toEqual([
      { table: 1, caption: 'Osyth', heading: 'Tides', row: 1, cells: { Time: '04:10', Height: '3.9 m' } },
      { table: 1, caption: 'Osyth', heading: 'Tides', row: 2, cells: { Time: '10:32', Height: '0.8 m' } },
    ]);
  });

  test('counts a cell that spans in each row and column that it covers', async () => {
    const items = await rowsOf(`<table><thead><tr><th rowspan=2>Port<th colspan=2>Tide</tr><tr><th>High<th>Low</tr></thead>
      <tr><th rowspan=2>Osyth<td>3.9<td>0.8</tr><tr><td>3.7<td>0.9</tr><tr><th>Wick<td colspan=2>none</tr></table>`);
    expect(items.map((item) => (item as { cells: object }).cells)).toEqual([
      { Port: 'Osyth', 'Tide High': '3.9', 'Tide Low': '0.8' },
      { Port: 'Osyth', 'Tide High': '3.7', 'Tide Low': '0.9' },
      { Port: 'Wick', 'Tide High': 'none', 'Tide Low': 'none' },
    ]);
  });

  test('names columns without a header, and tells equal headers apart', async () => {
    expect(await rowsOf('<table><tr><td>a<td>b</table><table><tr><th>N<th>N<tr><td>1<td>2<td>3</table>')).toEqual([
      { table: 1, row: 1, cells: { column1: 'a', column2: 'b' } },
      { table: 2, row: 1, cells: { N: '1', 'N 2': '2', column3: '3' } },
    ]);
  });

  test('takes a table inside of a cell for a table of its own', async () => {
    const items = await rowsOf('<table><tr><td>outer<table><tr><td>inner</table></table>');
    expect(items).toEqual([
      { table: 1, row: 1, cells: { column1: 'outer inner' } },
      { table: 2, row: 1, cells: { column1: 'inner' } },
    ]);
  });

  test('leaves out tables without data', async () => {
    expect(await rowsOf('<table></table><table><tr><th>only<th>headers</table><p>no table')).toEqual([]);
  });

  test('is not led astray by spans that claim millions of cells', async () => {
    const items = await rowsOf(`<table>${'<tr><td colspan=1000000 rowspan=1000000>x</td></tr>'.repeat(50)}</table>`);
    expect(items).toHaveLength(50);
    expect(Object.keys((items[0] as { cells: object }).cells)).toHaveLength(200);
  });

  test('reads rowspan=0 to the end and odd spans as one', async () => {
    const items = await rowsOf('<table><tr><td rowspan=0>a<td colspan=-3>b<tr><td>c<tr><td>d</table>');
    expect(items.map((item) => (item as { cells: object }).cells)).toEqual([
      { column1: 'a', column2: 'b' },
      { column1: 'a', column2: 'c' },
      { column1: 'a', column2: 'd' },
    ]);
  });
});
