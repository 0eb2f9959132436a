import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../functions/job/job.ts';
import type { FieldMap } from '../../functions/scraper/extract-types.ts';
import { buildScraper } from '../../functions/scraper/define-scraper.ts';
import { resultLines } from '../helpers/lines.ts';
import { openWeb } from '../helpers/open-web.ts';
import { Stage } from '../helpers/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage[Symbol.asyncDispose]());

const BODY = `<!doctype html><title>Lamps</title><meta name="robots" content="noarchive"><h1>Brass <b>lamp</b></h1><p>${'and more '.repeat(150_000)}`;
const OWN = { title: 'title', h1: 'h1' };

/** The results of a job over four large pages of one host. */
async function scrape(name: string, extract: FieldMap, job: Partial<Job> = {}) {
  const web = await openWeb(() => BODY);
  const scraper = buildScraper<'page', unknown, unknown, unknown>({ name, pages: { page: { extract } } }, undefined);
  const requests = ['/1', '/2', '/3', '/4'].map((path) => ({ url: web.url + path }));
  const { id } = await stage.startJob(name, requests, job);
  await stage.drain(stage.tools([scraper]));
  const lines = await resultLines(stage.cloud.objects);
  return { lines: lines.filter(({ key }) => key.includes(id)) };
}

describe('of large pages', () => {
  it('what is there early is taken, and the rest is left with its host', async () => {
    const left = await scrape('early', OWN);
    const whole = await scrape('whole', { ...OWN, none: '.none' });
    expect(left.lines.map(({ item }) => item)).toEqual(Array.from({ length: 4 }, () => ({ title: 'Lamps', h1: 'Brass lamp' })));
    for (const line of left.lines) {
      expect(line).toMatchObject({ partial: true, status: 200, charset: 'UTF-8', robots: ['meta robots: noarchive'], attempts: 1 });
      expect(line.contentHash).toBeUndefined();
      expect(line.decodedBytes).toBeLessThan(BODY.length / 2);
    }
    for (const line of whole.lines) {
      expect(line).toMatchObject({
        item: { title: 'Lamps', h1: 'Brass lamp' },
        robots: ['meta robots: noarchive'],
        decodedBytes: BODY.length,
      });
      expect(line.partial).toBeUndefined();
    }
  });

  it('all is read where runs are compared', async () => {
    const { lines } = await scrape('compared', OWN, { incremental: 'part' });
    expect(lines.map(({ partial, decodedBytes, change }) => [partial, decodedBytes, change])).toEqual(
      Array.from({ length: 4 }, () => [undefined, BODY.length, 'new']),
    );
  });
});
