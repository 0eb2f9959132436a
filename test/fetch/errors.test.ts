import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorCatalogue, errorKind, RequestError, type ErrorKind } from '../../functions/job/errors.ts';
import { DOCUMENT, errorTable, shownTable } from './error-table.ts';

const catalogue = Object.entries<ErrorKind>(errorCatalogue);

test('docs/fetching.md shows the catalogue as it is', () => {
  expect(shownTable(readFileSync(DOCUMENT, 'utf8'))).toBe(errorTable());
});

test('no entry is left over: each is raised somewhere, or stands for a status', () => {
  const sources = globSync('functions/**/*.ts').filter((path) => !path.endsWith('job/errors.ts'));
  const text = sources.map((path) => readFileSync(path, 'utf8')).join('\n');
  const raised = (code: string): boolean => /^http-\d(?:\d\d|xx)$/.test(code) || text.includes(`'${code}'`);
  expect(catalogue.map(([code]) => code).filter((code) => !raised(code))).toEqual([]);
});

test.each(catalogue)('%s has a cause and a remedy, a sentence each, that fit a table', (_code, { cause, remedy }) => {
  for (const text of [cause, remedy]) {
    expect(text).toMatch(/^[A-Z`].*\.$/);
    expect(text).not.toContain('|');
  }
});

test.each([
  ['http-404', 'http-404'],
  ['http-418', 'http-4xx'],
  ['http-507', 'http-5xx'],
  ['http-300', 'http-3xx'],
  ['http-999', 'http-4xx'],
  ['no-such-code', 'internal'],
  ['toString', 'internal'],
] as const)('%s is explained by %s', (code, entry) => {
  expect(errorKind(code)).toBe(errorCatalogue[entry]);
});

test('an error knows what happens next, and may know better than its code', () => {
  expect(new RequestError('timeout', 'x').next).toBe('again');
  expect(new RequestError('http-503', 'x', { status: 503 }).next).toBe('later');
  expect(new RequestError('robots', 'x', { next: 'again' }).next).toBe('again');
});
