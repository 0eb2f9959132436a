import { decodeText } from '../fetch/charset.ts';
import type { PageStart } from '../fetch/types.ts';
import { RequestError } from '../job/errors.ts';
import type { PageDefinition } from './definition.ts';
import type { PageRules } from './run-page.ts';
import { scanOf } from './scan/page-scan.ts';

/**
 * How to tell that the beginning of a page gives all that the whole page would.
 *
 * @returns undefined for a page type that wants pages whole: for `parse`, links, lists without a limit, counts, functions that may ask for
 * the tree, and whatever takes the tree in any case.
 */
export function enoughFor(
  rules: Pick<PageRules, 'parser' | 'charset' | 'limits'>,
  definition: PageDefinition<string>,
): ((start: PageStart) => boolean) | undefined {
  if (definition.parse || (definition.parser ?? rules.parser) !== 'htmlparser2') return undefined;
  const scan = scanOf(definition);
  if (!scan?.canEndEarly) return undefined;
  return ({ body, charset: own }) => {
    const charset = rules.charset ?? own;
    try {
      return scan.read({ body, charset, text: () => decodeText(body, charset) }, rules.limits)?.endedEarly ?? false;
    } catch (error) {
      // What is wrong with the page is said of the page.
      if (error instanceof RequestError) return false;
      throw error;
    }
  };
}
