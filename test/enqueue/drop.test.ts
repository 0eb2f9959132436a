import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MAX_INLINE_BYTES, REQUESTS_PER_MEMBER } from '../../functions/job/batch.ts';
import { keys } from '../../functions/job/keys.ts';
import { laneOf } from '../../functions/job/lane.ts';
import { scraper } from '../helpers/scrapers.ts';
import { DropStage, s3Event } from './drop.ts';

const list = (count: number, hosts: number) =>
  Array.from({ length: count }, (_, i) => `https://host-${(i * 7) % hosts}.example/catalogue/item-${i}.html`);

describe('a dropped file', () => {
  it('becomes one message per host with its requests in order, and a job that says so', async () => {
    await using stage = await DropStage.start();
    const urls = list(3_000, 20);
    await stage.run(stage.tools(), await stage.drop('urls/page/my list+1%.txt', urls.join('\n')));

    const job = await stage.job();
    expect(job).toEqual({
      v: 1,
      id: expect.stringMatching(/^page-20260304-050607-[0-9a-f]{6}$/),
      scraper: 'page',
      date: '2026-03-04',
      createdAt: '2026-03-04T05:06:07.000Z',
      source: 'urls/page/my list+1%.txt',
      etag: expect.any(String),
      budgetBytes: 48_000_000,
      options: {},
      lanes: 1,
      unique: true,
      enqueued: {
        requests: 3_000,
        roots: 20,
        duplicates: 0,
        failed: 0,
        errors: {},
        hosts: 20,
        usage: expect.any(Object),
        at: expect.any(String),
      },
    });
    expect(await stage.cloud.objects.head(keys.active(job.id))).toBeDefined();
    // The definition once more before the first batch, the segment, and two calls of ten messages.
    expect(job.enqueued?.usage).toMatchObject({ s3Writes: 2, sqsRequests: 2 });
    const batches = stage.batches();
    expect(new Set(batches.map((batch) => batch.id)).size).toBe(20);
    for (const batch of batches) {
      const expected = urls.filter((url) => laneOf(url, { groupBy: 'host', lanes: 1 }) === batch.lane);
      expect(batch).toMatchObject({ v: 1, job: job.id, count: expected.length });
      expect(await stage.requestsOf(batch)).toEqual(expected.map((url) => ({ url })));
    }
  });

  it('sends a large lane as a range of a segment and small ones in the message', async () => {
    await using stage = await DropStage.start();
    const urls = [...list(40, 20), ...list(2_500, 1), ...Array.from({ length: 1_200 }, (_, i) => `https://big.example/${i}`)];
    await stage.run(stage.tools(), await stage.drop('urls/page/x.txt.gz', gzipSync(urls.join('\n'))));
    const large = stage.batches().filter((batch) => batch.segment);
    expect(large.map((batch) => [batch.lane, batch.count, batch.segment?.members.length])).toEqual(
      expect.arrayContaining([
        ['host-0.example', 2_500, 3],
        ['big.example', 1_200, 2],
      ]),
    );
    expect(large).toHaveLength(2);
    expect(REQUESTS_PER_MEMBER).toBe(1_000);
    for (const batch of stage.batches()) expect(JSON.stringify(batch.requests ?? []).length).toBeLessThanOrEqual(MAX_INLINE_BYTES);
    expect((await stage.allRequests()).map((request) => request.url).toSorted()).toEqual([...new Set(urls)].toSorted());
  });

  it('carries everything that a line says to its request, in whatever format', async () => {
    await using stage = await DropStage.start();
    const post = {
      url: 'https://a.example/',
      page: 'p',
      method: 'POST',
      headers: { 'x-y': 'z' },
      body: 'q',
      data: { 'ü"\\\n': ['蜘蛛', null] },
      depth: 3,
    };
    await stage.run(stage.tools(), await stage.drop('urls/x.jsonl', `${JSON.stringify(post)}\n`));
    await stage.run(stage.tools(), await stage.drop('urls/x.csv', 'url,ü\nhttps://b.example/ü,"ä ""b"""\n'));
    await stage.run(
      stage.tools(),
      await stage.drop('urls/x', '<urlset><url><loc>https://c.example/</loc><lastmod>2026</lastmod></url></urlset>'),
    );
    expect(await stage.allRequests()).toEqual([
      post,
      { url: 'https://b.example/%C3%BC', data: { ü: 'ä "b"' } },
      { url: 'https://c.example/', data: { lastmod: '2026' } },
    ]);
  });

  it('drops duplicates, however they are written and wherever they stand', async () => {
    await using stage = await DropStage.start();
    const lines = [
      '{"url":"https://a.example/x"}',
      '{"url":"HTTPS://A.EXAMPLE:443/./x#part"}',
      '{"url":"https://a.example/x","data":1}',
      '{"url":"https://a.example/x","page":"other"}',
      '{"url":"https://a.example/x","method":"POST","body":"1"}',
      '{"url":"https://a.example/x","method":"POST","body":"2"}',
      '{"url":"https://a.example/x","method":"POST","body":"1"}',
    ];
    await stage.run(stage.tools(), await stage.drop('urls/x.jsonl', lines.join('\n')));
    expect((await stage.job()).enqueued).toMatchObject({ requests: 7, duplicates: 3, roots: 1 });
    expect(await stage.allRequests()).toHaveLength(4);
  });

  it('counts every line that is none and writes its error line, which can be dropped again', async () => {
    await using stage = await DropStage.start();
    await stage.run(stage.tools(), await stage.drop('urls/page/x.txt', 'https://a.example/\nb.example/x\n\nmailto:c@d\n'));
    const job = await stage.job();
    expect(job.enqueued).toMatchObject({ requests: 3, failed: 2, roots: 1, errors: { 'bad-url': { count: 2, url: 'b.example/x' } } });
    const lines = await stage.errorLines(job);
    expect(lines).toEqual([
      {
        url: 'b.example/x',
        page: 'page',
        code: 'bad-url',
        message: 'Line 2 of urls/page/x.txt has no scheme. Write https://b.example/x It reads: b.example/x',
        attempts: 0,
        at: job.createdAt,
        line: 2,
      },
      expect.objectContaining({ url: 'mailto:c@d', line: 4 }),
    ]);
    await stage.run(stage.tools(), await stage.drop('urls/page/again.jsonl', lines.map((line) => JSON.stringify(line)).join('\n')));
    expect(stage.batches()).toHaveLength(1);
  });

  it('sends no more than maxRequests and counts the others', async () => {
    await using stage = await DropStage.start();
    const file = { job: 'limited', input: 'jobs/limited/input/x.txt', options: { maxRequests: 10 } };
    await stage.cloud.objects.put(file.input, [...list(30, 3), ...list(5, 3), 'nonsense'].join('\n'));
    await stage.run(stage.tools(), await stage.drop('urls/page/limited.job.json', JSON.stringify(file)));
    const { enqueued } = await stage.job('limited');
    expect(enqueued).toMatchObject({ requests: 36, duplicates: 5, failed: 1, limited: 20 });
    expect((await stage.allRequests()).map((request) => request.url).toSorted()).toEqual(list(10, 3).toSorted());
  });

  it('is held to the maxRequests of its scraper, unless the job says otherwise', async () => {
    await using stage = await DropStage.start();
    const tools = stage.tools({ list: [scraper({ name: 'page', maxRequests: 10 })] });
    await stage.run(tools, await stage.drop('urls/page/x.txt', list(30, 3).join('\n')));
    expect(await stage.job()).toMatchObject({ options: { maxRequests: 10 }, enqueued: { requests: 30, limited: 20 } });
    const file = { job: 'own', urls: list(12, 3), options: { maxRequests: 11 } };
    await stage.run(tools, await stage.drop('urls/page/own.job.json', JSON.stringify(file)));
    expect(await stage.job('own')).toMatchObject({ options: { maxRequests: 11 }, enqueued: { requests: 12, limited: 1 } });
  });

  it('delivered twice is one job with one set of messages', async () => {
    await using stage = await DropStage.start();
    const event = await stage.drop('urls/page/x.txt', list(100, 10).join('\n'));
    await stage.run(stage.tools(), event);
    const [before, job] = [stage.messages(), await stage.job()];
    stage.die(undefined);
    await stage.run(stage.tools(), event);
    expect(stage.calls).toEqual(['GetObjectCommand']);
    expect([stage.messages(), await stage.job()]).toEqual([before, job]);
  });

  it('delivered twice at once sends the same messages', async () => {
    await using stage = await DropStage.start();
    const event = await stage.drop('urls/page/x.txt', list(2_000, 40).join('\n'));
    await Promise.all([stage.run(stage.tools({ budgetBytes: 10_000 }), event), stage.run(stage.tools({ budgetBytes: 10_000 }), event)]);
    const { enqueued } = await stage.job();
    expect(stage.batches()).toHaveLength(enqueued?.roots ?? 0);
    expect((await stage.allRequests()).map((request) => request.url).toSorted()).toEqual(list(2_000, 40).toSorted());
  });

  it('of several in one event is a job each, and one that fails does not hold the others', async () => {
    await using stage = await DropStage.start();
    const events = await Promise.all([stage.drop('urls/a.txt', 'https://a.example/'), stage.drop('urls/page/b.txt', 'https://b.example/')]);
    const broken = s3Event('urls/page/c.txt', '3', '', 'no time');
    const records = [events[0]?.Records, broken.Records, events[1]?.Records].flatMap((r) => r ?? []);
    await expect(stage.run(stage.tools(), { Records: records })).rejects.toThrow('1 of 3 uploads: RangeError');
    expect((await stage.allRequests()).map((request) => request.url)).toEqual(['https://a.example/', 'https://b.example/']);
  });

  it.each([
    ['a folder', s3Event('urls/page/', '1')],
    ['an object elsewhere', s3Event('results/x.txt', '1')],
    ['an event of another kind', s3Event('urls/x', '1', '', undefined, 'ObjectRemoved:Delete')],
    ['a job file that is gone again', s3Event('urls/page/x.job.json', '1')],
    ['the test event of S3', { Service: 'Amazon S3', Event: 's3:TestEvent' } as never],
  ])('that is %s starts nothing', async (_, event) => {
    await using stage = await DropStage.start();
    await stage.run(stage.tools(), event);
    await expect(stage.job()).rejects.toThrow('No job');
    expect(stage.messages()).toEqual([]);
  });

  it('divides the concurrency of its only host among the lanes by what each has to do', async () => {
    await using stage = await DropStage.start();
    const rule = { groupBy: 'host', lanes: 3 } as const;
    const urls = Array.from({ length: 60 }, (_, i) => `https://a.example/${i}`);
    const sixty = [scraper({ name: 'page', politeness: { concurrency: 60 }, follows: false })];
    await stage.run(stage.tools({ list: sixty, maxPerLane: 20, isAlone: true }), await stage.drop('urls/one.txt', urls.join('\n')));
    const counts = [0, 1, 2].map((n) => urls.filter((url) => laneOf(url, rule) === `a.example#${n}`).length);
    expect(await stage.job()).toMatchObject({ lanes: 3, laneShares: counts });
  });

  it('leaves equal parts to the lanes where another job may share them: the parts of both would add up to more', async () => {
    await using stage = await DropStage.start();
    const urls = Array.from({ length: 60 }, (_, i) => `https://a.example/${i}`);
    const tools = stage.tools({ list: [scraper({ name: 'page', politeness: { concurrency: 60 }, follows: false })], maxPerLane: 20 });
    await stage.run(tools, await stage.drop('urls/one.txt', urls.join('\n')));
    expect((await stage.job()).laneShares).toBeUndefined();
  });

  it('leaves equal parts of the concurrency to the lanes of several hosts', async () => {
    await using stage = await DropStage.start();
    const sixty = [scraper({ name: 'page', politeness: { concurrency: 60 }, follows: false })];
    const tools = stage.tools({ list: sixty, maxPerLane: 20, isAlone: true });
    await stage.run(tools, await stage.drop('urls/two.txt', 'https://a.example/1\nhttps://b.example/1\n'));
    expect(await stage.job()).toMatchObject({ lanes: 3 });
    expect((await stage.job()).laneShares).toBeUndefined();
  });

  it('is told apart by scraper folder; a scraper with followed links keeps its seen-sets, one host may have several lanes', async () => {
    await using stage = await DropStage.start();
    const shop = scraper({ name: 'shop', follows: true, politeness: { concurrency: 200 } });
    await stage.run(stage.tools({ list: [shop] }), await stage.drop('urls/shop/deep/x.txt', list(200, 1).join('\n')));
    const job = await stage.job();
    expect(job).toMatchObject({
      scraper: 'shop',
      source: 'urls/shop/deep/x.txt',
      lanes: 4,
      unique: false,
      enqueued: { roots: 4, hosts: 1 },
    });
    for (const batch of stage.batches()) {
      for (const { url } of await stage.requestsOf(batch)) expect(laneOf(url, { groupBy: 'host', lanes: 4 })).toBe(batch.lane);
    }
    expect(await stage.allRequests()).toHaveLength(200);
  });

  it('gathers all hosts of a site in one lane where the scraper says so', async () => {
    await using stage = await DropStage.start();
    const site = scraper({ name: 'page', politeness: { groupBy: 'site' } });
    await stage.run(
      stage.tools({ list: [site] }),
      await stage.drop('urls/x', 'https://a.shop.example/\nhttps://b.shop.example/\nhttps://other.example:8080/\n'),
    );
    expect(stage.batches().map((batch) => [batch.lane, batch.count])).toEqual(
      expect.arrayContaining([
        ['shop.example', 2],
        ['other.example', 1],
      ]),
    );
    expect((await stage.job()).enqueued).toMatchObject({ hosts: 2 });
  });

  it('with more requests on one host than are told apart becomes several batches of it, and its lane keeps a seen-set', async () => {
    await using stage = await DropStage.start();
    const urls = list(50_000, 1);
    const input = [...urls, 'https://other.example/', ...urls].join('\n');
    await stage.run(stage.tools({ maxUnique: 20_000 }), await stage.drop('urls/x.txt', input));
    const job = await stage.job();
    expect(job).toMatchObject({ unique: false, enqueued: { requests: 100_001, roots: 6, hosts: 2 } });
    const sent = (await stage.allRequests()).map(({ url }) => url);
    expect(new Set(sent)).toEqual(new Set([...urls, 'https://other.example/']));
    expect(sent.length + (job.enqueued?.duplicates ?? 0)).toBe(100_001);
    expect(new Set(stage.batches().map((batch) => batch.id)).size).toBe(6);
  });
});
