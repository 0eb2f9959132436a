import type { Overview } from '../harness/overview.ts';

export type ParserName = 'none' | 'tokenizer' | 'cheerio-slim' | 'cheerio-parse5';
export type Parse = (body: Buffer, url: string) => Partial<Overview>;

/** Loads a parser: those that are not used cost no start-up. */
export async function parserOf(name: ParserName): Promise<Parse> {
  if (name === 'none') return (body) => ({ bytes: body.length });
  if (name === 'tokenizer') {
    const { tokenOverviewOf } = await import('./token-overview.ts');
    return (body, url) => tokenOverviewOf(body.toString(), url);
  }
  const { overviewOf } = await import('./tree-overview.ts');
  const { load } = name === 'cheerio-slim' ? await import('cheerio/slim') : await import('cheerio');
  return (body, url) => overviewOf(load(body.toString()), url);
}
