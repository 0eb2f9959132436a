import type { SQSRecord } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendBatches } from '../../functions/aws/cloud.ts';
import { keys } from '../../functions/job/keys.ts';
import type { Batch } from '../../functions/job/batch.ts';
import { log } from '../../functions/log.ts';
import { buryBatch } from '../../functions/report/dead-letters.ts';
import { errorLines } from '../helpers/lines.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { startWeb } from '../helpers/web.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(() => stage[Symbol.asyncDispose]());
const tools = () => ({ cloud: stage.cloud, log, now: Date.now });

/** What SQS would deliver from the dead-letter queue when the batch that went back to its lane dies again. */
const buried = (record: SQSRecord): SQSRecord => ({
  ...record,
  body: JSON.stringify({ ...(JSON.parse(record.body) as Batch), buried: true }),
});

describe('a dead letter', () => {
  it('goes back to its lane, where its requests end as error lines and as seen', async () => {
    log.setLogLevel('SILENT');
    await using web = await startWeb({ '/1': html('One', '/dead/0'), '/dead/0': html('Alive') });
    const job = await stage.startJob('test', [{ url: `${web.url}/dead/0` }, { url: `${web.url}/dead/1` }]);
    const [record] = await stage.receive();
    if (!record) throw new Error('A batch was expected.');
    await buryBatch(tools(), record);
    await buryBatch(tools(), record);
    await stage.cloud.requests.delete(record.receiptHandle);
    const scrape = stage.tools([scraper()]);
    await stage.drain(scrape);
    expect(web.log).toEqual([]);
    expect((await errorLines(stage.cloud.objects)).map((e) => [new URL(e.url).pathname, e.code])).toEqual([
      ['/dead/0', 'crash'],
      ['/dead/1', 'crash'],
    ]);
    expect(await stage.summary(job)).toMatchObject({ state: 'finished', requests: { total: 2, failed: 2, pending: 0 } });

    // A page of the same job and lane that links to one of them finds it seen.
    const link = {
      v: 1 as const,
      job: job.id,
      id: 'f'.repeat(32),
      lane: `127.0.0.1:${web.port}`,
      count: 1,
      requests: [{ url: `${web.url}/1` }],
    };
    await sendBatches(stage.cloud, [link], Date.now());
    await stage.drain(scrape);
    expect(web.log).toEqual(['/1']);
  });

  it('that dies marked as well gets an outcome and an error line for each request here, and the job ends', async () => {
    const requests = Array.from({ length: 5 }, (_, i) => ({ url: `http://127.0.0.1:1/${i}`, data: i }));
    const job = await stage.startJob('test', requests);
    const [record] = await stage.receive();
    if (!record) throw new Error('A batch was expected.');
    const { id } = JSON.parse(record.body) as Batch;
    await stage.cloud.objects.put(keys.results(job, id), 'left by a run that died');
    await buryBatch(tools(), buried(record));
    await buryBatch(tools(), buried(record));
    const errors = await errorLines(stage.cloud.objects);
    expect(errors.map((e) => [e.url, e.code, e.data])).toEqual(requests.map((r) => [r.url, 'crash', r.data]));
    expect(await stage.cloud.objects.head(keys.results(job, id))).toBeUndefined();
    expect(await stage.summary(job)).toMatchObject({ state: 'finished', requests: { total: 5, failed: 5, pending: 0 } });
  });

  it('of a batch that was committed is finished in its lane, or, if it dies there as well, has its children sent', async () => {
    for (const isBuried of [false, true]) {
      await using web = await startWeb({ '/1': html('One', '/2'), '/2': html('Two', '/1') }, `127.0.0.${isBuried ? 3 : 2}`);
      const job = await stage.startJob('test', [{ url: `${web.url}/1` }], { id: `test-${isBuried}` });
      const scrape = stage.tools([scraper()]);
      const records = await stage.receive();
      const { requests } = scrape.cloud;
      const send = requests.send.bind(requests);
      requests.send = () => Promise.reject(new Error('SQS is away'));
      expect(await stage.invoke(scrape, records)).toHaveLength(1);
      requests.send = send;
      const [record] = records;
      if (!record) throw new Error('A batch was expected.');
      await buryBatch(tools(), isBuried ? buried(record) : record);
      // SQS has moved the message: nothing of it is left in its lane.
      await stage.cloud.requests.delete(record.receiptHandle);
      await stage.drain(scrape);
      expect(await errorLines(stage.cloud.objects)).toEqual([]);
      expect(web.log).toEqual(isBuried ? ['/1', '/2', '/1'] : ['/1', '/2']);
      expect((await stage.summary(job)).state).toBe('finished');
    }
  });
});
