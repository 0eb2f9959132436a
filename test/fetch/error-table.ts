import { readFileSync, writeFileSync } from 'node:fs';
import { errorCatalogue, type ErrorKind } from '../../functions/job/errors.ts';

/** The document that shows the catalogue of error codes to users. */
export const DOCUMENT = new URL('../../docs/fetching.md', import.meta.url);
const [BEGIN, END] = ['<!-- codes: written by `node test/fetch/error-table.ts` -->\n', '<!-- end of codes -->'];
const NEXT = { again: 'again, after a back-off', later: 'later, when the host’s pause is over', never: 'nothing: final' };

/** The table of all codes, as Markdown. */
export function errorTable(): string {
  const rows = Object.entries<ErrorKind>(errorCatalogue).map(
    ([code, { cause, remedy, next }]) => `| \`${code}\` | ${cause} | ${remedy} | ${NEXT[next]} |`,
  );
  return ['| code | cause | remedy | what happens next |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

/** The table that the document shows. @throws where its marks are gone. */
export function shownTable(text: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/fetching.md lacks the marks ${BEGIN.trim()} and ${END}.`);
  return text.slice(begin + BEGIN.length, end);
}

if (import.meta.main) {
  const text = readFileSync(DOCUMENT, 'utf8');
  writeFileSync(DOCUMENT, text.replace(BEGIN + shownTable(text), BEGIN + errorTable()));
}
