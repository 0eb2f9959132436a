import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Call } from './fault-proxy.ts';
import { runJob, startGround, type Ground } from './job-run.ts';
import { Sites } from './sites.ts';

// The functions run in worker threads that are ended for real. `npm run torture` is the long form, over a larger job.
let grounds: Ground[];

beforeAll(async () => {
  grounds = await Promise.all([1, 2].map(() => startGround(() => Sites.startSmall())));
});
afterAll(() => Promise.all(grounds.map((ground) => ground[Symbol.asyncDispose]())));

/** Between two of these calls a function leaves the same behind wherever it dies. */
const changes = ({ name }: Call): boolean => !/^(GET|HEAD)/.test(name);

describe('a job whose functions die', () => {
  it('keeps every promise in both its attempts, whichever change of queues and bucket is the last of a function', async () => {
    const [first] = grounds;
    if (!first) throw new Error('No ground.');
    const plain = await runJob(first);
    expect(plain.faults).toEqual([]);
    const points = plain.calls.filter(changes).map(({ n }) => n);
    expect(points.length).toBeGreaterThan(50);
    const wrong: string[] = [];
    let deaths = 0;
    const next = points.values();
    await Promise.all(
      grounds.map(async (ground) => {
        for (const n of next) {
          const result = await runJob(ground, {
            fault: (call) => (call.n === n ? 'kill-after' : 'none'),
            isOneAttempt: n <= plain.firstCalls,
          });
          deaths += result.deaths;
          if (result.faults.length > 0) wrong.push(`after call ${n} (${result.calls[n - 1]?.name}): ${result.faults.join('; ')}`);
        }
      }),
    );
    expect(wrong).toEqual([]);
    // Calls of two lanes interleave, so a run may be a call shorter than the plain one.
    expect(deaths).toBeGreaterThan(points.length * 0.9);
    // Half a minute on two idle cores; a machine that is busy otherwise takes longer.
  }, 600_000);
});
