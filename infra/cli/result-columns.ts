import type { Json } from '../../functions/job/request.ts';
import type { ResultLine } from '../../functions/job/result.ts';

/** What of a result line every table begins with. */
const BASE = ['url', 'page', 'status', 'fetchedAt'] as const;
/** Columns of a table at most; what lies beyond is in the JSON Lines. Spreadsheets end at 16,384. */
const MAX_COLUMNS = 10_000;

/** What all values of a column are; `json` = several kinds, or nested values. */
export type ColumnKind = 'text' | 'number' | 'boolean' | 'json';

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly valueOf: (result: ResultLine) => Json | undefined;
}

/**
 * The columns of a table of results: address and time, where runs are compared what has changed, then a column for each field of the items and of the input's own data,
 * in the order of their first appearance. A name that is taken gets `item.` or `data.` in front.
 *
 * @param lines - all result lines of the job.
 */
export async function findColumns(lines: AsyncIterable<string>): Promise<Column[]> {
  const items = new Map<string, ColumnKind | undefined>();
  const data = new Map<string, ColumnKind | undefined>();
  let hasChanges = false;
  for await (const line of lines) {
    const result = JSON.parse(line) as ResultLine;
    hasChanges ||= result.change !== undefined;
    // A page that is gone has none.
    if (result.change !== 'gone') note(items, fieldsOf(result.item, 'item'));
    if (result.data !== undefined) note(data, fieldsOf(result.data, 'data'));
  }
  const base: Column[] = [...BASE, ...(hasChanges ? (['change'] as const) : [])].map((name) => ({
    name,
    kind: name === 'status' ? 'number' : 'text',
    valueOf: (r) => r[name],
  }));
  const taken = new Set<string>(base.map(({ name }) => name));
  const named = (field: string, prefix: string) => {
    let name = field;
    while (taken.has(name)) name = `${prefix}.${name}`;
    taken.add(name);
    return name;
  };
  return [
    ...base,
    ...Array.from(items, ([field, kind = 'text']): Column => {
      return { name: named(field, 'item'), kind, valueOf: (r) => fieldsOf(r.item, 'item')[field] };
    }),
    ...Array.from(data, ([field, kind = 'text']): Column => {
      return { name: named(field, 'data'), kind, valueOf: (r) => (r.data === undefined ? undefined : fieldsOf(r.data, 'data')[field]) };
    }),
  ];
}

function note(kinds: Map<string, ColumnKind | undefined>, fields: Readonly<Record<string, Json>>): void {
  for (const [field, value] of Object.entries(fields)) {
    const known = kinds.get(field);
    if (known === undefined && !kinds.has(field) && kinds.size >= MAX_COLUMNS) continue;
    const kind = value === null ? known : kindOf(value);
    kinds.set(field, known === undefined || known === kind ? kind : 'json');
  }
}

function kindOf(value: Exclude<Json, null>): ColumnKind {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'number';
  return typeof value === 'boolean' ? 'boolean' : 'json';
}

/** An object's own fields; anything else is one field of the given name. */
function fieldsOf(value: Json, name: string): Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { [name]: value };
}
