import { expect, test } from 'vitest';
import { parseDate } from '../../functions/scraper/convert-date.ts';

test.each([
  ['2024-03-05', '2024-03-05'],
  ['2024-03-05T14:30:00Z', '2024-03-05T14:30:00.000Z'],
  ['2024-03-05T14:30:00.5+02:00', '2024-03-05T12:30:00.500Z'],
  ['2024-03-05 14:30', '2024-03-05T14:30:00'],
  ['Tue, 05 Mar 2024 14:30:00 GMT', '2024-03-05T14:30:00.000Z'],
  ['Tue, 05 Mar 2024 14:30:00 -0500', '2024-03-05T19:30:00.000Z'],
  ['5 March 2024', '2024-03-05'],
  ['Published: March 5th, 2024 at 2:30 pm', '2024-03-05T14:30:00'],
  ['Sept. 9, 2023', '2023-09-09'],
  ['2024/3/5', '2024-03-05'],
  ['2024年3月5日', '2024-03-05'],
  ['2024년 3월 5일', '2024-03-05'],
  ['29 February 2024', '2024-02-29'],
  ['12:05 am, 1 May 2020', '2020-05-01T00:05:00'],
])('reads %j as %s', (text, expected) => {
  expect(parseDate(text)).toBe(expected);
});

test.each([
  [''],
  ['yesterday'],
  ['03/04/2024'],
  ['31 February 2024'],
  ['2024-13-01'],
  ['2024-02-30'],
  ['March 2024'],
  ['ISBN 9780991475148'],
  ['12024-01-01'],
])('finds no date in %j', (text) => {
  expect(parseDate(text)).toBeUndefined();
});

test.each([
  ['5. März 2024', 'de', '2024-03-05'],
  ['5 mars 2024', 'fr', '2024-03-05'],
  ['1er août 2023', 'fr', '2023-08-01'],
  ['5 de marzo de 2024', 'es', '2024-03-05'],
  ['5 марта 2024', 'ru', '2024-03-05'],
  ['5 maja 2024', 'pl', '2024-03-05'.replace('-03-', '-05-')],
])('reads %j in %s as %s', (text, locale, expected) => {
  expect(parseDate(text, { locale })).toBe(expected);
});

test.each([
  ['03/04/2024', 'dd/MM/yyyy', '2024-04-03'],
  ['03/04/2024', 'MM/dd/yyyy', '2024-03-04'],
  ['3.4.24', 'd.M.yy', '2024-04-03'],
  ['3.4.99', 'd.M.yy', '1999-04-03'],
  ['on 03-04-2024 18:05', 'dd-MM-yyyy HH:mm', '2024-04-03T18:05:00'],
  ['03/04/2024 18:05 GMT', 'dd/MM/yyyy', '2024-04-03T18:05:00.000Z'],
  ['20240403', 'yyyyMMdd', '2024-04-03'],
])('reads %j by %s as %s', (text, format, expected) => {
  expect(parseDate(text, { format })).toBe(expected);
});
