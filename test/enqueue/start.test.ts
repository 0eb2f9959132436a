import { describe, expect, it } from 'vitest';
import { RequestError } from '../../functions/job/errors.ts';
import { keys } from '../../functions/job/keys.ts';
import { scraper } from '../helpers/scrapers.ts';
import { DropStage } from './drop.ts';

const SCHEDULE = { kind: 'schedule', scraper: 'books', at: '2026-01-02T03:04:05Z' } as const;
const index = (...urls: string[]) => `<sitemapindex>${urls.map((url) => `<sitemap><loc>${url}</loc></sitemap>`).join('')}</sitemapindex>`;
const sitemap = (...urls: string[]) => `<urlset>${urls.map((url) => `<url><loc>${url}</loc></url>`).join('')}</urlset>`;

describe('a schedule', () => {
  it('starts a job from the start of its scraper, one for each planned time', async () => {
    await using stage = await DropStage.start();
    const books = scraper({ name: 'books', start: 'https://shop.example/page-{1..50}.html', follows: false });
    await stage.run(stage.tools({ list: [books] }), SCHEDULE);
    await stage.run(stage.tools({ list: [books] }), SCHEDULE);
    const job = await stage.job();
    expect(job).toMatchObject({
      id: expect.stringMatching(/^books-20260102-030405-/),
      source: 'schedule:books',
      inputs: [keys.input(job.id, 'start-1.txt')],
      unique: true,
      enqueued: { requests: 50, roots: 1 },
    });
    expect((await stage.allRequests()).map(({ url }) => url)).toEqual(
      Array.from({ length: 50 }, (_, i) => `https://shop.example/page-${i + 1}.html`),
    );
  });

  it('starts from a list of URLs, templates, files and sitemaps, in this order', async () => {
    await using stage = await DropStage.start();
    await stage.cloud.objects.put('urls/books/more.csv', 'url,n\nhttps://a.example/file,1\n');
    const start = [
      'https://a.example/{a,b}',
      'file:urls/books/more.csv',
      'sitemap:https://a.example/s.xml',
      'https://a.example/last',
      'not a url',
    ];
    const loadSitemap = async () => Buffer.from(sitemap('https://a.example/map'));
    await stage.run(stage.tools({ list: [scraper({ name: 'books', start })], loadSitemap }), SCHEDULE);
    expect(await stage.allRequests()).toEqual([
      { url: 'https://a.example/a' },
      { url: 'https://a.example/b' },
      { url: 'https://a.example/file', data: { n: '1' } },
      { url: 'https://a.example/map' },
      { url: 'https://a.example/last' },
    ]);
    expect((await stage.job()).enqueued).toMatchObject({ requests: 6, failed: 1 });
  });

  it('starts from a function, asked once however often the job starts over', async () => {
    await using stage = await DropStage.start();
    let calls = 0;
    const books = scraper({
      name: 'books',
      start: async function* () {
        calls++;
        for (let i = 0; i < 5_000; i++) yield `https://a.example/${calls}/${i}\n`;
      },
    });
    stage.die({ call: 8, isDone: false });
    await expect(stage.run(stage.tools({ list: [books] }), SCHEDULE)).rejects.toThrow('died');
    stage.die(undefined);
    await stage.run(stage.tools({ list: [books] }), SCHEDULE);
    expect(calls).toBe(1);
    expect((await stage.allRequests()).map(({ url }) => url)).toEqual(Array.from({ length: 5_000 }, (_, i) => `https://a.example/1/${i}`));
  });
});

describe('a job file', () => {
  it('names job, scraper, options and URLs', async () => {
    await using stage = await DropStage.start();
    const file = {
      job: 'my-job.1',
      scraper: 'books',
      urls: ['https://a.example/{x}'],
      start: 'https://a.example/{1..2}',
      options: { concurrency: 130, robots: 'ignore' },
    };
    await stage.run(stage.tools({ list: [scraper({ name: 'books' })] }), await stage.drop('urls/other/x.job.json', JSON.stringify(file)));
    expect(await stage.job()).toMatchObject({
      id: 'my-job.1',
      scraper: 'books',
      options: file.options,
      lanes: 3,
      source: 'urls/other/x.job.json',
    });
    expect((await stage.allRequests()).map(({ url }) => url).toSorted()).toEqual([
      'https://a.example/%7Bx%7D',
      'https://a.example/1',
      'https://a.example/2',
    ]);
  });

  it('that is empty runs its folder’s scraper from its start', async () => {
    await using stage = await DropStage.start();
    const books = scraper({ name: 'books', start: 'https://a.example/' });
    await stage.run(stage.tools({ list: [books] }), await stage.drop('urls/books/go.job.json', '{}'));
    expect(await stage.allRequests()).toEqual([{ url: 'https://a.example/' }]);
  });
});

describe('a sitemap index', () => {
  const DROPPED = index('https://a.example/1.xml', 'https://a.example/2.xml', 'https://a.example/1.xml', 'https://a.example/gone.xml');

  it('is followed to its sitemaps, each fetched once however often the job starts over', async () => {
    const run = async (strikeAt: number | undefined) => {
      await using stage = await DropStage.start();
      const asked: string[] = [];
      const loadSitemap = async (url: string) => {
        asked.push(url);
        if (url.includes('gone')) throw new RequestError('http-404', `GET ${url} gave 404`, { status: 404 });
        return Buffer.from(url.includes('1.xml') ? index('https://a.example/3.xml') : sitemap(`${url}/page`));
      };
      const event = await stage.drop('urls/sitemap_index.xml', DROPPED);
      stage.die(strikeAt === undefined ? undefined : { call: strikeAt, isDone: true });
      await stage.run(stage.tools({ loadSitemap }), event).catch(() => {});
      const { length } = stage.calls;
      stage.die(undefined);
      await stage.run(stage.tools({ loadSitemap }), event);
      const { enqueued } = await stage.job();
      return { asked, length, requests: await stage.allRequests(), errors: enqueued?.errors };
    };
    const whole = await run(undefined);
    expect(whole.asked).toEqual(['1', '2', 'gone', '3'].map((name) => `https://a.example/${name}.xml`));
    expect(whole.requests).toEqual([{ url: 'https://a.example/2.xml/page' }, { url: 'https://a.example/3.xml/page' }]);
    expect(whole.errors).toMatchObject({
      'http-404': { count: 1, message: 'https://a.example/gone.xml could not be fetched: GET https://a.example/gone.xml gave 404' },
    });
    for (let call = 1; call <= whole.length; call++) {
      const again = await run(call);
      expect([again.requests, again.errors]).toEqual([whole.requests, whole.errors]);
      expect(again.asked).toEqual(whole.asked);
    }
  });

  it('without a way to the web becomes one error line for each sitemap', async () => {
    await using stage = await DropStage.start();
    await stage.run(stage.tools(), await stage.drop('urls/index.xml', DROPPED));
    const job = await stage.job();
    expect(job.enqueued).toMatchObject({ requests: 3, failed: 3, roots: 0 });
    expect((await stage.errorLines(job)).map((line) => line.message)).toEqual(
      ['1', '2', 'gone'].map((name) => `https://a.example/${name}.xml is a sitemap of a sitemap index. Drop it as a file of its own.`),
    );
  });
});
