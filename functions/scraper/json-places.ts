/** Where something stands in a text, both from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** A whole token of JSON: a string, a bracket, a sign, a number or word. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

/**
 * Finds the place of a value inside of JSON.
 *
 * @param text - JSON that `JSON.parse` has accepted.
 * @param path - names of properties and indexes of lists.
 * @returns where the property's name or the list's entry begins; of a path that is not there, the last part that is.
 */
export function placeInJson(text: string, path: readonly string[]): TextPlace {
  /** Of every open bracket: how much of the path leads to what stands in it, the name or index at hand. */
  const open: { depth: number; isList: boolean; name: string | undefined }[] = [];
  let best = { depth: 0, at: 0 };
  let previous = '';
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const inside = open.at(-1);
    if (token === '}' || token === ']') open.pop();
    else if (token === ',') {
      if (inside?.isList) inside.name = String(Number(inside.name) + 1);
    } else if (token !== ':') {
      const isName = inside !== undefined && !inside.isList && previous !== ':';
      if (isName) inside.name = JSON.parse(token) as string;
      const isOnPath = inside !== undefined && inside.depth >= 0 && inside.name === path[inside.depth];
      if (inside && isOnPath && (isName || inside.isList) && inside.depth + 1 > best.depth) best = { depth: inside.depth + 1, at: index };
      if (token === '{' || token === '[') {
        const depth = inside === undefined ? 0 : isOnPath ? inside.depth + 1 : -1;
        open.push({ depth, isList: token === '[', name: token === '[' ? '0' : undefined });
      }
    }
    previous = token;
  }
  return placeAt(text, best.at);
}

/** Line and column of a position. */
export function placeAt(text: string, position: number): TextPlace {
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  return { line, column: position - before.lastIndexOf('\n') };
}
