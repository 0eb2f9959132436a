import { describe, expect, it } from 'vitest';
import { keys } from '../../functions/job/keys.ts';
import { scraper } from '../helpers/scrapers.ts';
import { DropStage } from './drop.ts';

const RECIPE = '{ "start": "https://a.example/{1..3}", "pages": { "page": { "extract": { "title": "h1" } } } }';
const URLS = 'https://a.example/x\n';

describe('a recipe in the bucket', () => {
  it.each([
    ['json', RECIPE],
    ['yaml', 'pages:\n  page:\n    extract: { title: h1 }\n'],
    ['yml', 'pages:\n  page:\n    extract: { title: h1 }\n'],
  ])('of kind %s is the scraper of what is dropped into its folder, and goes with the job', async (kind, text) => {
    await using stage = await DropStage.start();
    await stage.drop(keys.recipe('quotes', kind), text);
    await stage.run(stage.tools(), await stage.drop('urls/quotes/x.txt', URLS));
    expect(await stage.job()).toMatchObject({
      scraper: 'quotes',
      recipe: { source: `scrapers/quotes.${kind}`, data: { pages: { page: { extract: { title: 'h1' } } } } },
      unique: true,
      enqueued: { requests: 1, roots: 1, failed: 0 },
    });
  });

  it('begins where it says, by an empty job file', async () => {
    await using stage = await DropStage.start();
    await stage.drop('scrapers/quotes.json', RECIPE);
    await stage.run(stage.tools(), await stage.drop('urls/quotes/go.job.json', '{}'));
    expect((await stage.allRequests()).map(({ url }) => url)).toEqual([1, 2, 3].map((n) => `https://a.example/${n}`));
  });

  it('is read anew for the next job, and not for one that has begun', async () => {
    await using stage = await DropStage.start();
    const tools = stage.tools();
    await stage.drop('scrapers/quotes.json', RECIPE);
    const first = await stage.drop('urls/quotes/1.txt', URLS);
    await stage.run(tools, first);
    const begun = await stage.job();
    const mended = RECIPE.replace('"h1"', '"h2"');
    await stage.drop('scrapers/quotes.json', mended);
    await stage.run(tools, first);
    expect(await stage.job(begun.id)).toEqual(begun);
    await stage.run(tools, await stage.drop('urls/quotes/2.txt', URLS));
    const other = (await Array.fromAsync(stage.cloud.objects.folders('jobs/'))).find((id) => id !== begun.id);
    expect(begun.recipe?.data).toEqual(JSON.parse(RECIPE));
    expect((await stage.job(other)).recipe?.data).toEqual(JSON.parse(mended));
  });

  it('is the one that the job began with wherever enqueue dies, though it is mended or deleted meanwhile', async () => {
    const run = async (call: number | undefined) => {
      await using stage = await DropStage.start();
      await stage.drop('scrapers/quotes.json', RECIPE);
      const event = await stage.drop('urls/quotes/x.txt', URLS);
      stage.die(call === undefined ? undefined : { call, isDone: true });
      await stage.run(stage.tools(), event).catch(() => {});
      const { length } = stage.calls;
      stage.die(undefined);
      const begun = await stage.cloud.objects.list('jobs/').next();
      if (!begun.done) await stage.cloud.objects.delete('scrapers/quotes.json');
      await stage.run(stage.tools(), event);
      const { recipe, enqueued } = await stage.job();
      return { length, recipe, requests: await stage.allRequests(), failed: enqueued?.failed };
    };
    const whole = await run(undefined);
    for (let call = 1; call <= whole.length; call++) {
      const again = await run(call);
      expect({ ...again, length: 0, requests: again.requests.slice(0, 1) }).toEqual({ ...whole, length: 0 });
    }
  });

  it('gives way to a deployed scraper of its name', async () => {
    await using stage = await DropStage.start();
    await stage.drop('scrapers/page.json', '{');
    await stage.run(stage.tools(), await stage.drop('urls/page/x.txt', URLS));
    const job = await stage.job();
    expect([job.recipe, job.enqueued?.roots]).toEqual([undefined, 1]);
  });

  it.each<[what: string, files: Record<string, string>, code: string, message: unknown]>([
    [
      'a fault',
      { 'scrapers/quotes.json': RECIPE.replace('"h1"', '"h1["') },
      'bad-recipe',
      expect.stringMatching(/^scrapers\/quotes\.json:1:\d+: pages\.page\.extract\.title is no CSS selector: "h1\["/),
    ],
    [
      'several faults',
      { 'scrapers/quotes.yaml': 'pages:\n  page:\n    extract: { title: h1 }\n    folow: 5\ncharset: none\n' },
      'bad-recipe',
      'scrapers/quotes.yaml has 2 faults: scrapers/quotes.yaml:4:5: Unknown option in pages.page: "folow". Did you mean "follow"? scrapers/quotes.yaml:5:1: charset must be a label of the Encoding Standard such as "gbk" or "windows-1252", not "none" (string).',
    ],
    [
      'no JSON',
      { 'scrapers/quotes.json': '{\n  "pages": {,}\n}' },
      'bad-recipe',
      expect.stringMatching(/^scrapers\/quotes\.json:2:13: is no JSON/),
    ],
    ['too much', { 'scrapers/quotes.json': RECIPE.padEnd(200_000) }, 'bad-recipe', 'scrapers/quotes.json is longer than 100000 bytes.'],
    [
      'a second one beside it',
      { 'scrapers/quotes.json': RECIPE, 'scrapers/quotes.yaml': RECIPE },
      'bad-recipe',
      'scrapers/quotes.json and scrapers/quotes.yaml are both the recipe of quotes: delete one of them.',
    ],
    [
      'another name than the folder',
      { 'scrapers/quots.json': RECIPE, 'scrapers/quotes.json.bak': RECIPE },
      'unknown-scraper',
      'There is no scraper "quotes". Did you mean "quots"?',
    ],
  ])('with %s gives one error that says where, and the job ends', async (_, files, code, message) => {
    await using stage = await DropStage.start();
    for (const [key, text] of Object.entries(files)) await stage.drop(key, text);
    await stage.run(stage.tools(), await stage.drop('urls/quotes/x.txt', URLS));
    const job = await stage.job();
    expect(job).toMatchObject({
      refusal: { code, message },
      enqueued: { requests: 1, roots: 0, failed: 1, errors: { [code]: { count: 1, message } } },
    });
    expect(await stage.errorLines(job)).toEqual([expect.objectContaining({ url: 'urls/quotes/x.txt', code, message })]);
    expect(stage.messages()).toEqual([]);
  });
});

it('a job file may bring a recipe of its own, in place of any other', async () => {
  await using stage = await DropStage.start();
  const file = {
    scraper: 'page',
    recipe: { pages: { item: { extract: { title: 'h1' } } } },
    urls: [URLS.trim()],
  };
  await stage.run(stage.tools(), await stage.drop('urls/page/x.job.json', JSON.stringify(file)));
  expect(await stage.job()).toMatchObject({
    scraper: 'page',
    recipe: { source: 'urls/page/x.job.json', data: file.recipe },
    unique: true,
    enqueued: { roots: 1 },
  });
});

it('a job that cannot begin comes to the same end wherever enqueue dies, though the reason is mended meanwhile', async () => {
  const run = async (call: number | undefined) => {
    await using stage = await DropStage.start();
    const event = await stage.drop('urls/x.job.json', '{"urls": 5}');
    const list = [scraper({ name: 'page' })];
    stage.die(call === undefined ? undefined : { call, isDone: true });
    await stage.run(stage.tools({ list }), event).catch(() => {});
    const { length } = stage.calls;
    stage.die(undefined);
    await stage.run(stage.tools({ list }), event);
    const job = await stage.job();
    return { length, errors: job.enqueued?.errors, lines: await stage.errorLines(job), sent: stage.messages() };
  };
  const whole = await run(undefined);
  expect(whole.lines).toHaveLength(1);
  for (let call = 1; call <= whole.length; call++) expect({ ...(await run(call)), length: 0 }).toEqual({ ...whole, length: 0 });
});
