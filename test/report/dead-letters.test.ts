import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keys } from '../../functions/job/keys.ts';
import type { Batch } from '../../functions/job/batch.ts';
import { log } from '../../functions/log.ts';
import { buryBatch } from '../../functions/report/dead-letters.ts';
import { errorLines, resultLines } from '../helpers/lines.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { startWeb } from '../helpers/web.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(() => stage[Symbol.asyncDispose]());
const tools = () => ({ cloud: stage.cloud, log, now: Date.now });

describe('a dead letter', () => {
  it('gets an outcome and an error line for each request, and the job ends', async () => {
    const requests = Array.from({ length: 5 }, (_, i) => ({ url: `http://127.0.0.1:1/${i}`, data: i }));
    const job = await stage.startJob('test', requests);
    const [record] = await stage.receive();
    if (!record) throw new Error('A batch was expected.');
    const { id } = JSON.parse(record.body) as Batch;
    await stage.cloud.objects.put(keys.results(job, id), 'left by a run that died');
    await buryBatch(tools(), record);
    await buryBatch(tools(), record);
    const errors = await errorLines(stage.cloud.objects);
    expect(errors.map((e) => [e.url, e.code, e.data])).toEqual(requests.map((r) => [r.url, 'crash', r.data]));
    expect(await stage.cloud.objects.head(keys.results(job, id))).toBeUndefined();
    expect(await stage.summary(job)).toMatchObject({ state: 'finished', requests: { total: 5, failed: 5, pending: 0 } });
  });

  it('of a batch that was committed has its children sent, and nothing else', async () => {
    await using web = await startWeb({ '/1': html('One', '/2'), '/2': html('Two') });
    const job = await stage.startJob('test', [{ url: `${web.url}/1` }]);
    const scrape = stage.tools([scraper()]);
    const records = await stage.receive();
    const { requests } = scrape.cloud;
    const send = requests.send.bind(requests);
    requests.send = () => Promise.reject(new Error('SQS is away'));
    expect(await stage.invoke(scrape, records)).toHaveLength(1);
    requests.send = send;
    const [record] = records;
    if (!record) throw new Error('A batch was expected.');
    await buryBatch(tools(), record);
    // SQS has moved the message: nothing of it is left in its lane.
    await stage.cloud.requests.delete(record.receiptHandle);
    await stage.drain(scrape);
    expect(await errorLines(stage.cloud.objects)).toEqual([]);
    expect((await resultLines(stage.cloud.objects)).map((r) => r.url).toSorted()).toEqual([`${web.url}/1`, `${web.url}/2`]);
    expect((await stage.summary(job)).state).toBe('finished');
  });
});
