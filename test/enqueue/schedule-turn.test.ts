import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScheduleEvent } from '../../functions/enqueue/job-plan.ts';
import type { Job } from '../../functions/job/job.ts';
import { keys } from '../../functions/job/keys.ts';
import type { Summary } from '../../functions/job/summary.ts';
import { log } from '../../functions/log.ts';
import { tick } from '../../functions/report/tick.ts';
import { scraper } from '../helpers/scrapers.ts';
import { DropStage } from './drop.ts';

let stage: DropStage;
beforeAll(async () => {
  stage = await DropStage.start();
});
afterAll(() => stage[Symbol.asyncDispose]());

const HOUR_MS = 3_600_000;
const SIX = Date.parse('2026-01-02T06:00:00Z');
let names = 0;

/** A scraper of a name of its own, with its schedule. */
function scheduled(overlap: 'skip' | 'allow' = 'skip') {
  const name = `books-${++names}`;
  const list = [scraper({ name, start: 'https://a.example/{1..3}', overlap })];
  const event = (atMs: number): ScheduleEvent => ({ kind: 'schedule', scraper: name, at: new Date(atMs).toISOString() });
  return {
    name,
    event,
    tools: (nowMs = SIX) => stage.tools({ list, now: () => nowMs }),
    fire: (atMs: number, nowMs = atMs) => stage.run(stage.tools({ list, now: () => nowMs }), event(atMs)),
    /** Its jobs in the order of their planned times. */
    async jobs(): Promise<Job[]> {
      const found: Job[] = [];
      for await (const folder of stage.cloud.objects.folders('jobs/')) {
        const job = await stage.cloud.objects.getJson<Job>(keys.job(folder));
        if (job?.scraper === name) found.push(job);
      }
      return found;
    },
    ran: async function () {
      return (await this.jobs()).map((job) => (job.skippedFor === undefined ? 'ran' : 'skipped'));
    },
    async end(job: Job | undefined): Promise<void> {
      await stage.cloud.objects.putJson(keys.summary(job?.id ?? ''), { finishedAt: '2026-01-02T06:30:00Z' } satisfies Partial<Summary>);
    },
  };
}

describe('a firing of a schedule', () => {
  it('is left out while the run before it is at work, and says so where a user looks', async () => {
    const books = scheduled();
    await books.fire(SIX);
    await books.fire(SIX + HOUR_MS);
    const [first, second] = await books.jobs();
    expect(second).toMatchObject({ skippedFor: first?.id, enqueued: { requests: 0, roots: 0 } });
    expect(stage.batches(second?.id)).toEqual([]);
    const summaries = await tick({ cloud: stage.cloud, log, now: () => SIX + HOUR_MS }, Number.POSITIVE_INFINITY);
    expect(summaries.find(({ id }) => id === second?.id)).toMatchObject({
      state: 'skipped',
      skippedFor: first?.id,
      finishedAt: expect.any(String),
      requests: { total: 0, pending: 0 },
    });
    const page = await stage.cloud.objects.getText(keys.report(second?.id ?? ''));
    expect(page).toContain(`the run <b>${first?.id}</b> was at work`);
    expect(await stage.cloud.objects.head(keys.active(second?.id ?? ''))).toBeUndefined();
  });

  it('runs when the run before it has ended, whatever else came in between', async () => {
    const books = scheduled();
    await books.fire(SIX);
    await books.fire(SIX + HOUR_MS);
    await books.end((await books.jobs())[0]);
    await books.fire(SIX + 2 * HOUR_MS);
    // A second delivery of each changes nothing.
    for (const hours of [0, 1, 2]) await books.fire(SIX + hours * HOUR_MS, SIX + 3 * HOUR_MS);
    expect(await books.ran()).toEqual(['ran', 'skipped', 'ran']);
    expect(stage.batches().filter((batch) => batch.job.startsWith(`${books.name}-`))).toHaveLength(2);
  });

  it('runs beside the others where its scraper allows that', async () => {
    const books = scheduled('allow');
    await books.fire(SIX);
    await books.fire(SIX + HOUR_MS);
    expect(await books.ran()).toEqual(['ran', 'ran']);
  });

  it('is one of several that come at once: one runs, in whatever order and however often they come', async () => {
    for (let round = 0; round < 5; round++) {
      const books = scheduled();
      const times = [0, 1, 2, 1, 0, 2].map((hours) => SIX + hours * HOUR_MS);
      await Promise.all(times.map((at) => books.fire(at)));
      const ran = await books.ran();
      expect(ran.toSorted()).toEqual(['ran', 'skipped', 'skipped']);
    }
  });

  it('is not held up by a run that died, whenever that was', async () => {
    const died = scheduled();
    await stage.cloud.objects.putJson(keys.turn(died.name), { v: 1, job: 'never-written', takenAt: new Date(SIX).toISOString() });
    await died.fire(SIX + 60_000);
    expect(await died.ran()).toEqual(['skipped']);
    await died.fire(SIX + 16 * 60_000);
    expect(await died.ran()).toEqual(['skipped', 'ran']);

    const lost = scheduled();
    await lost.fire(SIX);
    await lost.fire(SIX + 14 * 24 * HOUR_MS);
    await lost.fire(SIX + 16 * 24 * HOUR_MS);
    expect(await lost.ran()).toEqual(['ran', 'skipped', 'ran']);
  });

  it('comes to the same if its function dies at any call, and another firing comes in between', async () => {
    const books = scheduled();
    await books.fire(SIX);
    stage.die(undefined);
    await books.fire(SIX + HOUR_MS);
    const { length } = stage.calls;
    expect(length).toBeGreaterThan(5);
    for (let call = 1; call <= length; call++) {
      for (const isDone of [false, true]) {
        const again = scheduled();
        await again.fire(SIX);
        stage.die({ call, isDone });
        await again.fire(SIX + HOUR_MS).catch(() => {});
        stage.die(undefined);
        await again.fire(SIX + HOUR_MS);
        expect(await again.ran(), `call ${call}`).toEqual(['ran', 'skipped']);
        await again.end((await again.jobs())[0]);
        // The decision stands, however late the event comes again.
        await again.fire(SIX + HOUR_MS);
        expect(await again.ran()).toEqual(['ran', 'skipped']);
      }
    }
  });

  it('whose function dies while it takes the turn takes it when it comes again', async () => {
    const books = scheduled();
    stage.die(undefined);
    await books.fire(SIX);
    const { length } = stage.calls;
    for (let call = 1; call <= length; call++) {
      for (const isDone of [false, true]) {
        const again = scheduled();
        stage.die({ call, isDone });
        await again.fire(SIX).catch(() => {});
        stage.die(undefined);
        await again.fire(SIX + HOUR_MS);
        await again.fire(SIX);
        const ran = await again.ran();
        expect(
          ran.filter((state) => state === 'ran'),
          `call ${call}`,
        ).toHaveLength(1);
        expect(ran).toHaveLength(2);
      }
    }
  });
});
