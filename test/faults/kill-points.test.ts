import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from './fault-proxy.ts';
import { runJob, startGround, type Ground } from './job-run.ts';
import { Sites } from './sites.ts';

// The functions run in worker threads that are ended for real. `npm run torture` is the long form, over a larger job.
let grounds: Ground[];

beforeAll(async () => {
  grounds = await Promise.all([1, 2].map(() => startGround(() => Sites.startSmall())));
});
afterAll(() => Promise.all(grounds.map((ground) => ground[Symbol.asyncDispose]())));

describe('a job whose functions die', () => {
  it('keeps every promise, whichever call is the last of a function: every second one is struck before it is done, the others after', async () => {
    const [first] = grounds;
    if (!first) throw new Error('No ground.');
    const plain = await runJob(first);
    expect(plain.faults).toEqual([]);
    expect(plain.calls.length).toBeGreaterThan(60);
    const wrong: string[] = [];
    let next = 1;
    let deaths = 0;
    await Promise.all(
      grounds.map(async (ground) => {
        while (next <= plain.calls.length) {
          const n = next++;
          const fault: Fault = n % 2 === 0 ? 'kill-before' : 'kill-after';
          const result = await runJob(ground, (call) => (call.n === n ? fault : 'none'));
          deaths += result.deaths;
          if (result.faults.length > 0) wrong.push(`${fault} at call ${n} (${result.calls[n - 1]?.name}): ${result.faults.join('; ')}`);
        }
      }),
    );
    expect(wrong).toEqual([]);
    // Calls of two lanes interleave, so a run may be a call shorter than the plain one.
    expect(deaths).toBeGreaterThan(plain.calls.length * 0.9);
  });
});
