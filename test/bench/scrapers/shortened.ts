import type { StandardSchema } from '../../../functions/scraper/standard-schema.ts';
import { FIRST_LINKS } from '../peers/tree-overview.ts';

interface WithLinks {
  readonly first: readonly string[];
}

/** Counts the links and keeps the first of them. */
export const shortened: StandardSchema<WithLinks & { readonly links: number }> = {
  '~standard': {
    version: 1,
    vendor: 'urldrop-bench',
    validate(value) {
      const item = value as WithLinks;
      return { value: { ...item, links: item.first.length, first: item.first.slice(0, FIRST_LINKS) } };
    },
  },
};
