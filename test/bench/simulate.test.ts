import { afterAll, beforeAll, expect, test } from 'vitest';
import { runInvocation as enqueue } from '../../functions/enqueue/invocation.ts';
import type { Job } from '../../functions/job/job.ts';
import { keys } from '../../functions/job/keys.ts';
import { s3EventOf } from '../../infra/local/s3-event.ts';
import { settings } from '../../infra/settings.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { startWeb, type Web } from '../helpers/web.ts';
import { hostSizes, randomOf, spreads } from './simulate/hosts.ts';
import { simulate } from './simulate/simulation.ts';

/** A little over the time between two looks at the stop sign: how many there are must not hang on a millisecond. */
const PAGE_MS = 5_200;
/** A run of two members in a segment, a batch of one slice and one of two in their messages. */
const sizes = [1_100, 25, 7];
/** Each batch in an invocation of its own: the stage has but one clock, which would run for all lanes of one. */
const alone = { ...settings, eventSources: settings.eventSources.map((source) => ({ ...source, batchSize: 1 })) };

let stage: Stage;
let webs: Web[];
beforeAll(async () => {
  stage = await Stage.start({ URLDROP_SLICE_MS: String(settings.sliceSeconds * 1000) });
  webs = await Promise.all(
    sizes.map((_, n) =>
      startWeb(
        (path) => {
          if (path === '/robots.txt') return undefined;
          stage.aheadMs += PAGE_MS;
          return html(path);
        },
        `127.0.0.${n + 2}`,
      ),
    ),
  );
});
afterAll(async () => {
  for (const web of webs) await web[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

/** The same job for real: enqueue and scrape over the embedded SQS and S3, pages that take seconds of the stage's clock. */
async function realRun() {
  const lines = webs.flatMap((web, n) => Array.from({ length: sizes[n] ?? 0 }, (_, i) => `${web.url}/page/${i + 1_000}`));
  const list = [scraper({ name: 'page', follows: false, politeness: { concurrency: 1 } })];
  const tools = stage.tools(list);
  const key = 'urls/page/list.txt';
  await stage.cloud.objects.put(key, lines.join('\n'));
  const uploaded = (await stage.cloud.objects.head(key)) ?? { size: 0, etag: '' };
  const event = s3EventOf({ key, at: '2026-11-23T06:00:00.000Z', sequencer: '1' }, uploaded, stage.options.bucket, 'us-east-1');
  const before = stage.cloud.meter.reading();
  await enqueue({ ...tools, budgetBytes: 48_000_000 }, event, () => 600_000);
  let invocations = 0;
  for (let records = await stage.receive(); records.length > 0; records = await stage.receive()) {
    for (const record of records) {
      await stage.invoke(tools, [record]);
      invocations++;
    }
  }
  const after = stage.cloud.meter.reading();
  const { objects } = stage.cloud;
  const [id = ''] = await Array.fromAsync(objects.folders('jobs/'));
  const job = await objects.getJson<Job>(keys.job(id));
  if (!job) throw new Error('There is no job.');
  const batches = (await Array.fromAsync(objects.list(`outcomes/${id}/`))).length;
  const calls = {
    s3Reads: after.s3Reads - before.s3Reads,
    s3Writes: after.s3Writes - before.s3Writes,
    sqsRequests: after.sqsRequests - before.sqsRequests,
  };
  return { job, calls, batches, invocations, url: lines[0] ?? '' };
}

test('the simulation counts the messages, batches and calls that a run really makes', async () => {
  const real = await realRun();
  const work = {
    concurrency: 1,
    delayMs: 0,
    pageMs: PAGE_MS,
    cpuMs: 1,
    requestBytes: JSON.stringify({ url: real.url }).length,
    overheadMs: 0,
  };

  const simulated = simulate(Float64Array.from(sizes), work, alone);

  expect(simulated).toMatchObject({
    roots: real.job.enqueued?.roots,
    batches: real.batches,
    invocations: real.invocations,
    inlineRoots: 2,
  });
  const { s3Reads, s3Writes, sqsRequests } = simulated.usage;
  expect({ s3Reads, s3Writes, sqsRequests }).toEqual(real.calls);
});

test('the same seed gives the same hosts, as many requests as were asked for, and none without any', () => {
  for (const spread of spreads) {
    const [one, other] = [hostSizes(spread, 10_000, randomOf(7)), hostSizes(spread, 10_000, randomOf(7))];

    expect(one).toEqual(other);
    expect(Math.abs(one.reduce((sum, size) => sum + size, 0) - 10_000)).toBeLessThan(one.length);
    expect(Math.min(...one)).toBeGreaterThanOrEqual(1);
  }
});
