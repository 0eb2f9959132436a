import { RequestError } from '../job/errors.ts';

/** What a page's tree may hold; kept while it is built, whichever parser builds it. */
export interface TreeLimits {
  /** Elements inside each other. */
  readonly maxNesting: number;
  /** Elements, attributes, texts and comments. */
  readonly maxNodes: number;
}

/** @param option - where the limit is set, or what kind of bound it is. */
export function tooComplex(what: string, option: string): RequestError {
  return new RequestError('too-complex', `The page ${what} (${option}).`);
}
