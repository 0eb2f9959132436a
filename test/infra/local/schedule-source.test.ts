import { expect, test } from 'vitest';
import type { ScheduleEvent } from '../../../functions/enqueue/job-plan.ts';
import { testCloud } from './clouds.ts';

test('the local cloud fires a schedule at its time, as the event that EventBridge Scheduler sends', async () => {
  for (let aheadMs = 2_000; ; aheadMs *= 2) {
    const at = new Date(Math.ceil(Date.now() / 1000) * 1000 + aheadMs).toISOString().slice(0, 19);
    await using cloud = await testCloud({ schedules: { books: `at(${at})`, later: 'at(2999-01-01T00:00:00)' } });
    // A cloud that is up behind the time fires nothing: once more, with more time to start.
    if (Date.now() >= Date.parse(`${at}Z`)) continue;

    expect(await cloud.wait<ScheduleEvent>('fired/books')).toEqual({ kind: 'schedule', scraper: 'books', at: `${at}Z` });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(`${at}Z`));
    expect(await Array.fromAsync(cloud.objects.list('fired/'))).toHaveLength(1);
    return;
  }
});
