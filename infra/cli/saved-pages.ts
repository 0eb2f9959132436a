import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeText } from '../../functions/fetch/charset.ts';
import type { FetchedPage } from '../../functions/fetch/types.ts';
import { RequestError } from '../../functions/job/errors.ts';
import type { Request } from '../../functions/job/request.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import { PROJECT } from './project.ts';

/** Where the pages of a scraper are kept. */
export const pagesFolder = (scraper: string): string => join(PROJECT, 'test/fixtures/pages', scraper);

/** What a page came as, beside its bytes. */
export interface PageFacts extends Pick<FetchedPage, 'url' | 'status' | 'headers' | 'contentType' | 'charset' | 'provenance'> {
  readonly request: Request;
  /** Name of the file with the bytes. */
  readonly body: string;
}

/** A page that `urldrop try --save` kept. */
export interface SavedPage {
  readonly name: string;
  /** What the scraper gives of it, as text. */
  readonly give: (scraper: Scraper) => Promise<string>;
  /** The file that holds what it should be. */
  readonly snapshot: string;
}

/** The pages kept for a scraper. */
export function savedPages(scraper: string): SavedPage[] {
  const folder = pagesFolder(scraper);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.page.json'))
    .map((file) => {
      const name = file.slice(0, -'.page.json'.length);
      const { request, body, ...facts } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as PageFacts;
      const bytes = readFileSync(join(folder, body));
      const page: FetchedPage = { kind: 'page', ...facts, body: bytes, text: () => decodeText(bytes, facts.charset) };
      return { name, snapshot: join(folder, `${name}.given.json`), give: (one) => givenText(one, request, page) };
    });
}

/** Items and requests of a page, or why there are none, as the text of a snapshot. */
export async function givenText(scraper: Scraper, request: Request, page: FetchedPage): Promise<string> {
  return `${JSON.stringify(await given(scraper, request, page), undefined, 2)}\n`;
}

async function given(scraper: Scraper, request: Request, page: FetchedPage): Promise<unknown> {
  try {
    const { items, follows } = await scraper.run(request, page);
    return { items, follows };
  } catch (error) {
    if (error instanceof RequestError) return { error: error.code, message: error.message };
    throw error;
  }
}
