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

/** One run for each call of the job, struck there by the fault. @returns what went wrong, by call. */
async function strikeAtEach(fault: Fault, calls: number): Promise<string[]> {
  const wrong: string[] = [];
  let next = 1;
  await Promise.all(
    grounds.map(async (ground) => {
      while (next <= calls) {
        const n = next++;
        const result = await runJob(ground, (call) => (call.n === n ? fault : 'none'));
        if (result.faults.length > 0) wrong.push(`${fault} at call ${n} (${result.calls[n - 1]?.name}): ${result.faults.join('; ')}`);
      }
    }),
  );
  return wrong;
}

describe('a job whose functions die', () => {
  let calls = 0;

  it('keeps every promise when nothing strikes', async () => {
    const [ground] = grounds;
    if (!ground) throw new Error('No ground.');
    const plain = await runJob(ground);
    expect(plain.faults).toEqual([]);
    expect(plain.calls.length).toBeGreaterThan(60);
    calls = plain.calls.length;
  });

  it('keeps every promise when a function is killed before any one of its calls', async () => {
    expect(await strikeAtEach('kill-before', calls)).toEqual([]);
  });

  it('keeps every promise when a function is killed after any one of its calls', async () => {
    expect(await strikeAtEach('kill-after', calls)).toEqual([]);
  });
});
