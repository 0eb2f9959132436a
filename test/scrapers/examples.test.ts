import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FILE_PAGE, type Json, type Request } from '../../functions/job/request.ts';
import { defineScraper } from '../../functions/scraper/define-scraper.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import clips from '../../functions/scrapers/clips.ts';
import complaints from '../../functions/scrapers/complaints.ts';
import { expandTemplate } from '../../functions/urls/template.ts';
import { errorLines, resultLines } from '../helpers/lines.ts';
import { Stage } from '../helpers/stage.ts';
import { QUOTES, quotes, startApiSite } from '../sites/api-site.ts';
import { clipBytes, clips as allClips, startClipsSite } from '../sites/clips-site.ts';
import { complaints as allComplaints, startComplaintsSite } from '../sites/complaints-site.ts';

// Whole jobs: real pages from a real server, through SQS, S3 and the scrape function.
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage[Symbol.asyncDispose]());

async function scrape(
  scraper: Scraper,
  requests: readonly Request[],
  id: string,
): Promise<{ items: Json[]; pages: string[]; errors: string[]; job: string }> {
  const job = await stage.startJob(scraper.name, requests, { id });
  await stage.drain(stage.tools([scraper]));
  const [results, errors] = await Promise.all([resultLines(stage.cloud.objects), errorLines(stage.cloud.objects)]);
  const own = results.filter((line) => line.key.includes(`job=${job.id}/`));
  return {
    job: job.id,
    items: own.map((line) => line.item),
    pages: own.map((line) => line.page),
    errors: errors.filter((line) => line.key.includes(`job=${job.id}/`)).map((line) => `${line.code} ${line.page} ${line.message}`),
  };
}

/** The scraper's own start with another site in the place of the example's. */
function startAt(scraper: Scraper, site: string, take = Infinity): Request[] {
  const templates = typeof scraper.start === 'string' ? [scraper.start] : [];
  return templates
    .flatMap((template) => Array.from(expandTemplate(template), (url) => ({ url: url.replace(/^https:\/\/[^/]+/, site) })))
    .slice(0, take);
}

const sorted = <T>(items: readonly T[]): T[] => items.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
/** Texts that tell items apart: properties come in no certain order. */
const orderOf = (item: unknown): string =>
  typeof item === 'object' && item !== null && 'url' in item ? JSON.stringify(item.url) : JSON.stringify(item);

describe('the example of a video site', () => {
  test('finds every clip, and brings its file into the bucket byte for byte', async () => {
    await using site = await startClipsSite();
    const { items, pages, errors, job } = await scrape(clips, startAt(clips, site.url, 2), 'clips-test');
    expect(errors).toEqual([]);
    const found = items.filter((_, i) => pages[i] === 'clip') as unknown as { title: string; video?: { url: string; key: string } }[];
    expect(sorted(found.map((item) => [item.title, item.video?.url]))).toEqual(
      sorted(allClips.map((clip) => [clip.title, clip.file && `${site.url}${clip.file}`])),
    );
    const files = items.filter((_, i) => pages[i] === FILE_PAGE);
    const expected = await Promise.all(
      allClips
        .filter((clip) => clip.file !== undefined)
        .map(async (clip) => {
          const bytes = clipBytes(clip);
          const key = found.find((item) => item.title === clip.title)?.video?.key ?? '';
          expect((await stage.cloud.objects.get(key))?.equals(bytes)).toBe(true);
          const sha256 = createHash('sha256').update(bytes).digest('hex');
          return { url: `${site.url}${clip.file}`, key, bytes: bytes.length, sha256, contentType: 'video/mp4' };
        }),
    );
    expect(sorted(files)).toEqual(sorted(expected));
    const keys = await Array.fromAsync(stage.cloud.objects.list(`files/${job}/`), ({ key }) => key);
    expect(keys.toSorted()).toEqual(expected.map(({ key }) => key).toSorted());
  });
});

describe('the example of an old board', () => {
  test('reads a hundred lists in a charset that their labels deny', async () => {
    await using site = await startComplaintsSite();
    const requests = startAt(complaints, site.url);
    expect(requests).toHaveLength(100);
    const { items, errors } = await scrape(complaints, requests, 'complaints-test');
    expect(errors).toEqual([]);
    expect(sorted(items)).toEqual(
      sorted(
        allComplaints.map((one) => ({
          ...one,
          date: one.date.replace(' ', 'T'),
          url: `${site.url}/html/question/201603/${one.number}.shtml`,
        })),
      ),
    );
  });
});

describe('a JSON API', () => {
  test('is gone through page by page, and searched by POST with a cursor', async () => {
    const api = defineScraper({
      name: 'quotes',
      request: { accept: ['application/json'] },
      pages: {
        list: {
          *parse({ json, follow, response }) {
            const answer = json<{ page: number; pages: number; quotes: { id: number; author: string }[] }>();
            yield* answer.quotes;
            const next = new URL(response.url);
            next.searchParams.set('page', String(answer.page + 1));
            if (answer.page < answer.pages) yield follow(next);
            else yield follow('/search', 'search', { body: { author: 'Author 3' } });
          },
        },
        search: {
          *parse({ json, follow, request }) {
            const answer = json<{ results: { id: number }[]; next: number | null }>();
            yield { found: answer.results.map((one) => one.id), by: request.body ?? '' };
            if (answer.next !== null) yield follow('/search', 'search', { body: { author: 'Author 3', cursor: answer.next } });
          },
        },
      },
    });
    await using site = await startApiSite();
    const { items, pages, errors } = await scrape(api, [{ url: `${site.url}/quotes` }], 'quotes-test');
    expect(errors).toEqual([]);
    expect(pages.filter((page) => page === 'list')).toHaveLength(QUOTES);
    const found = items.flatMap((item) =>
      typeof item === 'object' && item !== null && 'found' in item ? (item['found'] as number[]) : [],
    );
    expect(found.toSorted((a, b) => a - b)).toEqual(quotes.filter((quote) => quote.author === 'Author 3').map((quote) => quote.id));
  });
});
