import type { TagAttributes } from './tag-attributes.ts';

/** The element whose start tag was read last, as selectors see it: what is behind it is not known yet. */
export interface ElementAtHand {
  /** Number of its name. */
  readonly name: number;
  /** 1 for an element that nothing is around. */
  readonly depth: number;
  readonly attributes: TagAttributes;
  /** Elements before it that have the same parent. */
  readonly index: number;
  /** Those of them that have its name. */
  readonly indexOfType: number;
  /** Whether it ends one of the paths of the scope at work, see {@link Path}. */
  readonly hasPath: (link: number) => boolean;
}

export type ElementTest = (element: ElementAtHand) => boolean;
