import { isTraversal, parse, stringify, type Selector as Token } from 'css-what';
import { selectorOf } from './selector.ts';
import type { Selection } from './page-tree.ts';
import type { EmptyField } from './types.ts';

/**
 * How far a selector matches: of `.price b.now`, whether there is any `.price` at all.
 *
 * @returns the longest beginning that matches and how often; undefined where not even its first part does.
 */
export function longestMatch(selector: string, scope: Selection): EmptyField['matches'] {
  let best: EmptyField['matches'];
  for (const rule of parse(selector)) {
    for (const beginning of beginnings(rule)) {
      const text = stringify([[...beginning]]);
      const count = selectorOf(text).all(scope).length;
      if (count > 0 && (best === undefined || text.length > best.selector.length)) best = { selector: text, count };
    }
  }
  return best;
}

/** A rule without its last parts, one part less each time: `ul > li.x a` gives itself, `ul > li.x`, `ul > li` and `ul`. */
function* beginnings(rule: readonly Token[]): Generator<readonly Token[]> {
  for (let end = rule.length; end > 0; end--) {
    const last = rule[end - 1];
    if (last && !isTraversal(last)) yield rule.slice(0, end);
  }
}
