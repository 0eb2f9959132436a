import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FILE_PAGE, type Json } from '../../functions/job/request.ts';
import type { ResultLine } from '../../functions/job/result.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import api from '../../functions/scrapers/api.ts';
import clips from '../../functions/scrapers/clips.ts';
import complaints from '../../functions/scrapers/complaints.ts';
import { openPlace } from '../../infra/cli/place.ts';
import { urldrop } from '../infra/cli/command.ts';
import { tempDir } from '../infra/local/clouds.ts';
import { quotes, startApiSite } from '../sites/api-site.ts';
import { clipBytes, clips as allClips, startClipsSite } from '../sites/clips-site.ts';
import { complaints as allComplaints, startComplaintsSite } from '../sites/complaints-site.ts';

interface Run extends Disposable {
  /** Items in the order of their addresses, page types beside them. */
  readonly items: Json[];
  readonly pages: string[];
  readonly stderr: string;
  /** The bucket of the run. */
  readonly dataDir: string;
}

/** A whole job by the command, as a user runs it: queue, bucket and functions of the local cloud. */
async function scrape(scraper: Scraper, urls: readonly string[]): Promise<Run> {
  const dir = tempDir();
  const { code, stdout, stderr } = await urldrop(dir.path, ['run', ...urls, '--scraper', scraper.name, '--strict', '--allow-private']);
  expect([code, stderr]).toEqual([0, expect.stringContaining(' finished ')]);
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ResultLine);
  return {
    items: lines.map((line) => line.item),
    pages: lines.map((line) => line.page),
    stderr,
    dataDir: join(dir.path, '.urldrop'),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

/** The scraper's own start with another site in the place of the example's. */
function startAt(scraper: Scraper, site: string): string {
  return String(scraper.start).replace(/^https:\/\/[^/]+/, site);
}

const sorted = <T>(items: readonly T[]): T[] => items.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
/** Texts that tell items apart: properties come in no certain order. */
const orderOf = (item: unknown): string =>
  typeof item === 'object' && item !== null && 'url' in item ? JSON.stringify(item.url) : JSON.stringify(item);

describe('the example of a video site', () => {
  test('finds every clip, and brings its file into the bucket byte for byte', async () => {
    await using site = await startClipsSite();
    using run = await scrape(clips, [startAt(clips, site.url).replace('{1..9}', '{1..2}')]);
    const { items, pages } = run;
    const found = items.filter((_, i) => pages[i] === 'clip') as unknown as { title: string; video?: { url: string; key: string } }[];
    expect(sorted(found.map((item) => [item.title, item.video?.url]))).toEqual(
      sorted(allClips.map((clip) => [clip.title, clip.file && `${site.url}${clip.file}`])),
    );
    const files = items.filter((_, i) => pages[i] === FILE_PAGE);
    const bucket = await openPlace({ dataDir: run.dataDir });
    const expected = await Promise.all(
      allClips
        .filter((clip) => clip.file !== undefined)
        .map(async (clip) => {
          const bytes = clipBytes(clip);
          const key = found.find((item) => item.title === clip.title)?.video?.key ?? '';
          expect((await bucket.objects.get(key))?.equals(bytes)).toBe(true);
          const sha256 = createHash('sha256').update(bytes).digest('hex');
          return { url: `${site.url}${clip.file}`, key, bytes: bytes.length, sha256, contentType: 'video/mp4' };
        }),
    );
    expect(sorted(files)).toEqual(sorted(expected));
    const keys = await Array.fromAsync(bucket.objects.list('files/'), ({ key }) => key);
    expect(keys.toSorted()).toEqual(expected.map(({ key }) => key).toSorted());
    await bucket.close();
  });
});

describe('the example of an old board', () => {
  test('reads a hundred lists in a charset that their labels deny', async () => {
    await using site = await startComplaintsSite();
    using run = await scrape(complaints, [startAt(complaints, site.url)]);
    expect(run.stderr).toContain('100 requests: 100 succeeded');
    expect(new Set(site.log).size).toBe(100);
    const { items } = run;
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
    await using site = await startApiSite();
    using run = await scrape(api, [startAt(api, site.url)]);
    const { items, pages } = run;
    expect(sorted(items.filter((_, i) => pages[i] === 'list'))).toEqual(sorted(quotes));
    const found = items.flatMap((item) => (typeof item === 'object' && item !== null && 'found' in item ? [Number(item['found'])] : []));
    expect(found.toSorted((a, b) => a - b)).toEqual(quotes.filter((quote) => quote.author === 'Author 3').map((quote) => quote.id));
  });
});
