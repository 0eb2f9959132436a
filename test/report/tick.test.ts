import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keys } from '../../functions/job/keys.ts';
import { log } from '../../functions/log.ts';
import { emptyFold } from '../../functions/report/fold.ts';
import { tick } from '../../functions/report/tick.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { startWeb } from '../helpers/web.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(() => stage[Symbol.asyncDispose]());
const tools = () => ({ cloud: stage.cloud, log, now: Date.now });

describe('a tick', () => {
  it('writes summary and page of every active job, and takes finished ones off the list', async () => {
    await using web = await startWeb({ '/1': html('One') });
    const job = await stage.startJob('test', [{ url: `${web.url}/1` }, { url: `${web.url}/<script>alert(1)</script>` }]);
    expect(await tick(tools(), Date.now() + 60_000)).toMatchObject([{ state: 'running', requests: { pending: 2 } }]);
    await stage.drain(stage.tools([scraper()]));
    expect(await tick(tools(), Date.now() + 60_000)).toMatchObject([{ state: 'finished', requests: { pending: 0 } }]);
    expect(await tick(tools(), Date.now() + 60_000)).toEqual([]);
    expect(await stage.cloud.objects.getJson(keys.summary(job.id))).toMatchObject({ id: job.id, state: 'finished' });
    const page = await stage.cloud.objects.getText(keys.report(job.id));
    expect(page).toContain('http-404');
    expect(page).not.toContain('<script>');
  });

  it('keeps the others going when one job cannot be read', async () => {
    const job = await stage.startJob('test', []);
    await stage.cloud.objects.put(keys.active('broken'), '');
    await stage.cloud.objects.put(keys.job('broken'), '{ this is no JSON');
    log.setLogLevel('SILENT');
    expect(await tick(tools(), Date.now() + 60_000)).toMatchObject([{ id: job.id, state: 'finished' }]);
  });

  it('lists the outcomes of a very large job every so many minutes', async () => {
    const job = await stage.startJob('test', []);
    await stage.cloud.objects.putJson(keys.fold(job.id), { ...emptyFold, outcomes: 600_001 });
    const at = (minute: number) => tick({ ...tools(), now: () => minute * 60_000 }, (minute + 1) * 60_000);

    // Four minutes apart: 600,001 are more than three listings of 200,000.
    expect([await at(41), await at(42), await at(43)]).toEqual([[], [], []]);
    expect(await at(44)).toMatchObject([{ id: job.id }]);
  });

  it('forgets a job whose definition was deleted', async () => {
    await stage.cloud.objects.put(keys.active('gone'), '');
    expect(await tick(tools(), Date.now() + 60_000)).toEqual([]);
    expect(await stage.cloud.objects.head(keys.active('gone'))).toBeUndefined();
  });

  it('sets the stop sign when a job has used up its budget', async () => {
    await using web = await startWeb({ '/1': html('One', '/2'), '/2': html('Two') });
    const job = await stage.startJob('test', [{ url: `${web.url}/1` }], { options: { budget: 1e-9 } });
    const scrape = stage.tools([scraper()]);
    await tick(tools(), Date.now() + 60_000);
    expect(await stage.cloud.objects.head(keys.cancel(job.id))).toBeUndefined();
    await stage.invoke(scrape);
    await tick(tools(), Date.now() + 60_000);
    expect(await stage.cloud.objects.getText(keys.cancel(job.id))).toContain('budget of $1e-9');
    await stage.drain(scrape);
    const [summary] = await tick(tools(), Date.now() + 60_000);
    expect(summary).toMatchObject({
      state: 'cancelled',
      reason: expect.stringContaining('the budget of $1e-9'),
      requests: { total: 2, succeeded: 1, skipped: { cancelled: 1 }, pending: 0 },
    });
    expect(web.log).toEqual(['/1']);
  });

  it('sets the stop sign when links take a job over its number of requests', async () => {
    await using web = await startWeb({ '/1': html('One', '/2', '/3'), '/2': html('Two'), '/3': html('Three') });
    const job = await stage.startJob('test', [{ url: `${web.url}/1` }], { options: { maxRequests: 2 } });
    await stage.invoke(stage.tools([scraper()]));
    await tick(tools(), Date.now() + 60_000);
    expect(await stage.cloud.objects.getText(keys.cancel(job.id))).toContain('maxRequests');
  });

  it('does not stop what is within the number of requests for what enqueue left out', async () => {
    await using web = await startWeb({ '/1': html('One'), '/2': html('Two') });
    const urls = ['/1', '/2'].map((path) => ({ url: `${web.url}${path}` }));
    const job = await stage.startJob('test', urls, { options: { maxRequests: 2 } });
    const { enqueued } = job;
    if (!enqueued) throw new Error('The job is enqueued.');
    const counts = { requests: 9, duplicates: 3, limited: 2, failed: 2 };
    await stage.cloud.objects.putJson(keys.job(job.id), { ...job, enqueued: { ...enqueued, ...counts } });
    await tick(tools(), Date.now() + 60_000);
    expect(await stage.cloud.objects.head(keys.cancel(job.id))).toBeUndefined();
  });
});
