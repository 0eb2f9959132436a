import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FILE_PAGE } from '../../functions/job/request.ts';
import members from '../../functions/scrapers/members.ts';
import { errorLines, resultLines } from '../helpers/lines.ts';
import { Stage } from '../helpers/stage.ts';
import { papers, paperBytes, PASSWORD, startMembersSite, USER, type MembersSite } from '../sites/members-site.ts';

// Whole jobs: a site that wants a login, through SQS, S3 and the scrape function.
let stage: Stage;
let site: MembersSite;
beforeEach(async () => {
  [stage, site] = await Promise.all([Stage.start(), startMembersSite()]);
  vi.stubEnv('MEMBERS_USER', USER);
  vi.stubEnv('MEMBERS_PASSWORD', PASSWORD);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all([stage[Symbol.asyncDispose](), site[Symbol.asyncDispose]()]);
});

async function scrape(id = 'members-test') {
  const job = await stage.startJob('members', [{ url: `${site.url}/login` }], { id });
  await stage.drain(stage.tools([members]));
  const [results, errors, summary] = await Promise.all([
    resultLines(stage.cloud.objects),
    errorLines(stage.cloud.objects),
    stage.summary(job),
  ]);
  const documents = results.filter((line) => line.page === 'document').map((line) => line.item as unknown as Document);
  return { documents, files: results.filter((line) => line.page === FILE_PAGE), errors, summary };
}

interface Document {
  title: string;
  author: string;
  issued: string;
  file: { url: string; key: string };
}

describe('the example behind a login', () => {
  test('logs in once, and brings every document with its file', async () => {
    const { documents, files, errors, summary } = await scrape();
    expect(errors).toEqual([]);
    expect(documents.map(({ title, author, issued }) => ({ title, author, issued })).toSorted(byTitle)).toEqual(
      papers.map(({ title, author, issued }) => ({ title, author, issued })).toSorted(byTitle),
    );
    for (const paper of papers) {
      const { file } = documents.find((one) => one.title === paper.title) as Document;
      expect(file.url).toBe(`${site.url}/files/${paper.id}`);
      expect((await stage.cloud.objects.get(file.key))?.equals(paperBytes(paper))).toBe(true);
    }
    expect(files).toHaveLength(papers.length);
    expect([site.logins(), site.refusals()]).toEqual([1, 0]);
    expect(summary.requests).toMatchObject({ failed: 0, pending: 0 });
  });

  test('does not follow the link that logs out', async () => {
    await scrape();
    expect(site.log).not.toContain('/logout');
  });

  test('says so where the site does not let it in', async () => {
    vi.stubEnv('MEMBERS_PASSWORD', 'forgotten');
    const { documents, errors } = await scrape();
    expect(documents).toEqual([]);
    expect(errors).toMatchObject([
      { page: 'home', code: 'parse', message: expect.stringContaining('wants a login: Name or password is wrong.') as string },
    ]);
  });

  test('says what is missing from the environment', async () => {
    vi.stubEnv('MEMBERS_USER', '');
    const { errors } = await scrape();
    expect(errors).toMatchObject([
      { page: 'login', code: 'parse', message: expect.stringContaining('The environment has no MEMBERS_USER') as string },
    ]);
  });

  test('ends in errors, not in empty items, when its session ends on the way', async () => {
    await stage.startJob('members', [{ url: `${site.url}/login` }]);
    const tools = stage.tools([members]);
    for (let n = 0; n < 10 && site.logins() === 0; n++) await stage.invoke(tools);
    expect(site.logins()).toBe(1);
    site.endSessions();
    await stage.drain(tools);
    const [results, errors] = await Promise.all([resultLines(stage.cloud.objects), errorLines(stage.cloud.objects)]);
    expect(results).toEqual([]);
    expect(errors.map((line) => [line.page, line.code])).toEqual([
      ['shelf', 'parse'],
      ['shelf', 'parse'],
      ['shelf', 'parse'],
    ]);
  });
});

const byTitle = (a: { title: string }, b: { title: string }): number => (a.title < b.title ? -1 : 1);
