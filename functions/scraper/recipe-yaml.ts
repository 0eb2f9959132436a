import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import type { TextPlace } from './json-places.ts';
import { badRecipe, type RecipeText } from './recipe-text.ts';

/** Syntax faults that are told: behind the first few, the others mostly follow from them. */
const MAX_FAULTS = 5;
/** Times that anchored parts are used, those inside of each other multiplied: a few lines could otherwise stand for gigabytes. */
const MAX_ALIASES = 100;

/**
 * Reads a recipe's YAML (1.2, its core schema: `yes` and dates are texts). Anchors, aliases and
 * merge keys (`<<`) work; tags other than YAML's own do not.
 * The data is such as JSON could hold.
 *
 * @param source - what messages call it.
 * @throws {UsageError} code `bad-recipe`: each fault with line and column.
 * @see https://yaml.org/spec/1.2.2/
 */
export function readYaml(text: string, source: string): RecipeText {
  const lines = new LineCounter();
  const placeAt = (position: number): TextPlace => {
    const { line, col } = lines.linePos(position);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const refuse = (position: number, what: string): string => {
    const { line, column } = placeAt(position);
    return `${source}:${line}:${column}: is no YAML: ${what.replace(/\.?$/, '.')}`;
  };
  const document = parseDocument(text, { version: '1.2', merge: true, stringKeys: true, prettyErrors: false, lineCounter: lines });
  const faults = [...document.errors, ...document.warnings].slice(0, MAX_FAULTS);
  if (faults.length > 0)
    throw badRecipe(
      source,
      faults.map((fault) => refuse(fault.pos[0], fault.code === 'MULTIPLE_DOCS' ? 'A recipe is one document' : fault.message)),
    );
  return { data: dataOf(document, (what) => badRecipe(source, [refuse(0, what)])), placeOf: (path) => placeAt(positionOf(document, path)) };
}

function dataOf(document: Document.Parsed, refuse: (what: string) => Error): unknown {
  try {
    // An anchor inside of itself ends here too: JSON has no form for it.
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: MAX_ALIASES }))) as unknown;
  } catch (error) {
    throw refuse(error instanceof ReferenceError ? error.message : 'An anchor holds itself');
  }
}

/** Where a property's name or a list's entry begins; of a path that is not there, the last part that is. */
function positionOf(document: Document.Parsed, path: readonly string[]): number {
  let node: unknown = document.contents;
  let position = document.contents?.range[0] ?? 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
      if (!pair || !isNode(pair.key)) break;
      position = pair.key.range?.[0] ?? position;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if (!isNode(node)) break;
      position = node.range?.[0] ?? position;
    } else break;
  }
  return position;
}
