import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { batchId } from '../../functions/job/batch.ts';
import { keys } from '../../functions/job/keys.ts';
import type { Outcome } from '../../functions/job/outcome.ts';
import { emptyTally, emptyUsage } from '../../functions/job/summary.ts';
import { emptyFold, foldNew } from '../../functions/report/fold.ts';
import { Stage } from '../helpers/stage.ts';

let stage: Stage;
let job: string;
let jobs = 0;
const later = Number.POSITIVE_INFINITY;

beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => {
  job = `job-${++jobs}`;
});

async function commit(n: number, more: Partial<Outcome> = {}, batch = batchId(job, String(n))): Promise<void> {
  const at = new Date(1_000_000_000_000 + n * 1000).toISOString();
  const outcome: Outcome = {
    v: 1,
    job,
    batch,
    lane: 'x',
    startedAt: at,
    committedAt: at,
    ...emptyTally,
    succeeded: 1,
    children: [],
    usage: emptyUsage,
    ...more,
  };
  await stage.cloud.objects.putJson(keys.outcome(job, batch), outcome);
}

describe('folding outcomes', () => {
  it('adds each outcome once, whatever was folded before', async () => {
    const { objects } = stage.cloud;
    await commit(1);
    await commit(2, { succeeded: 5, skipped: { robots: 2 }, usage: { ...emptyUsage, gbSeconds: 1.5 } });
    const first = await foldNew(objects, job, emptyFold, Date.now, later);
    expect(first).toMatchObject({ outcomes: 2, tally: { succeeded: 6, skipped: { robots: 2 } }, usage: { gbSeconds: 1.5 } });
    expect(await foldNew(objects, job, first, Date.now, later)).toEqual(first);
    await commit(3);
    const second = await foldNew(objects, job, first, Date.now, later);
    expect(second).toMatchObject({ outcomes: 3, tally: { succeeded: 7 } });
    expect(second.lastCommitAt).toBe(new Date(1_000_000_003_000).toISOString());
  });

  it('gives the same as folding all at once, in whatever portions they come', async () => {
    const { objects } = stage.cloud;
    let state = emptyFold;
    for (let n = 1; n <= 100; n++) {
      await commit(n);
      if (n % 7 === 0) state = await foldNew(objects, job, state, Date.now, later);
    }
    state = await foldNew(objects, job, state, Date.now, later);
    const { recent: _, watermarkMs: __, ...sums } = await foldNew(objects, job, emptyFold, Date.now, later);
    expect(state).toMatchObject(sums);
  });

  it('lists in shards once a job is large, and finds the same', async () => {
    const { objects } = stage.cloud;
    for (let n = 1; n <= 50; n++) await commit(n);
    const large = await foldNew(objects, job, { ...emptyFold, outcomes: 10_000 }, Date.now, later);
    expect(large).toMatchObject({ outcomes: 10_050, tally: { succeeded: 50 } });
  });

  it('goes on where its time ended, and loses nothing', async () => {
    const { objects } = stage.cloud;
    for (let n = 1; n <= 100; n++) await commit(n);
    let calls = 0;
    const part = await foldNew(objects, job, emptyFold, () => (++calls > 40 ? later : 0), 1);
    expect(part.outcomes).toBeGreaterThan(0);
    expect(part.outcomes).toBeLessThan(100);
    expect(part.watermarkMs).toBe(0);
    expect(await foldNew(objects, job, part, Date.now, later)).toMatchObject({ outcomes: 100, tally: { succeeded: 100 } });
  });

  it('counts an outcome that shares the hash of another', async () => {
    const { objects } = stage.cloud;
    await commit(1, {}, '0123456789abcdef'.padEnd(32, '0'));
    const first = await foldNew(objects, job, emptyFold, Date.now, later);
    await commit(2, {}, '0123456789abcdef'.padEnd(32, '1'));
    const second = await foldNew(objects, job, first, Date.now, later);
    expect(second).toMatchObject({ outcomes: 2, tally: { succeeded: 2 } });
    expect(await foldNew(objects, job, second, Date.now, later)).toEqual(second);
  });
});
