import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Enqueued } from '../../functions/job/job.ts';
import { errorsPrefix, keys } from '../../functions/job/keys.ts';
import type { PlanTools } from '../../functions/enqueue/run-plan.ts';
import { DropStage, type Strike } from './drop.ts';

/** Small hosts, a large one, duplicates and bad lines, in an order that mixes them, with data that does not shrink: 700 KB. */
const INPUT = Array.from({ length: 1_400 }, (_, i) => {
  if (i % 301 === 0) return `not a line ${i}`;
  if (i % 97 === 0) return '{"url":"https://host-1.example/again"}';
  const url = i % 2 === 0 ? `https://big.example/catalogue/item-${i}.html` : `https://host-${i % 83}.example/p/${i}`;
  return JSON.stringify({
    url,
    data: Array.from({ length: 7 }, (__, n) => createHash('sha256').update(`${i} ${n}`).digest('hex')).join(''),
  });
}).join('\n');
const KEY = 'urls/page/x.jsonl';

/** All in memory; or several spills, and a state saved several times on the way. */
const IN_MEMORY: Partial<PlanTools> = {};
const IN_SPILLS: Partial<PlanTools> = { budgetBytes: 250_000, saveEveryMessages: 30 };

/** All that a job leaves for others to read. */
async function traceOf(stage: DropStage) {
  const job = await stage.job();
  const objects: Record<string, string> = {};
  for (const prefix of ['requests/', errorsPrefix(job)]) {
    for await (const { key } of stage.cloud.objects.list(prefix)) {
      // A death between commit and clean-up leaves a spill to the lifecycle rule.
      if (!key.includes('/spill-')) objects[key] = (await stage.cloud.objects.get(key))?.toString('base64') ?? '';
    }
  }
  const { at: _, usage: __, ...accounts } = job.enqueued ?? ({} as Enqueued);
  return { messages: stage.messages().toSorted(), objects, job: { ...job, enqueued: accounts } };
}

async function wholeRun(more: Partial<PlanTools>, remainingMs = 0) {
  await using stage = await DropStage.start();
  const event = await stage.drop(KEY, INPUT);
  stage.die(undefined);
  const invocations = await stage.runAll(stage.tools(more), event, remainingMs);
  const calls = [...stage.calls];
  return { calls, trace: await traceOf(stage), invocations };
}

/** Dies at one call, and then everything is delivered again. */
async function struckRun(more: Partial<PlanTools>, strike: Strike) {
  await using stage = await DropStage.start();
  const event = await stage.drop(KEY, INPUT);
  stage.die(strike);
  const tools = stage.tools(more);
  await stage.runAll(tools, event, 0).catch(() => {});
  stage.die(undefined);
  await stage.runAll(tools, event, 0);
  return await traceOf(stage);
}

describe('an enqueue that dies', () => {
  it.each([
    ['that holds all in memory', IN_MEMORY, 1],
    ['that spills', IN_SPILLS, 5],
  ])('(one %s), before or after any call, leaves after its repeat what an unharmed one leaves', async (_, more, expected) => {
    const { trace, calls, invocations } = await wholeRun(more);
    expect(trace.messages).toHaveLength(84);
    expect(invocations).toBe(expected);
    for (const [i, name] of calls.entries()) {
      // To a call that only reads it is all the same whether it was done.
      for (const isDone of /^(Get|Head)/.test(name) ? [false] : [false, true]) {
        const strike = { call: i + 1, isDone };
        expect(await struckRun(more, strike), `${name}, call ${i + 1} of ${calls.length}, ${isDone ? 'done' : 'not done'}`).toEqual(trace);
      }
    }
  });
});

describe('an enqueue of which one call fails', () => {
  it.each([IN_MEMORY, IN_SPILLS])('does not count the job as enqueued, and the repeat sends all', async (more) => {
    const { trace, calls } = await wholeRun(more, 600_000);
    // What fails may be the last call of several that are in flight at one time.
    const sends = calls.flatMap((name, i) => (name === 'SendMessageBatchCommand' ? [i + 1] : []));
    for (const call of sends) {
      await using stage = await DropStage.start();
      const event = await stage.drop(KEY, INPUT);
      stage.die({ call, isDone: false, isOnly: true });
      await stage.runAll(stage.tools(more), event, 600_000).catch(() => {});
      stage.die(undefined);
      expect((await stage.job()).enqueued, `call ${call}`).toBeUndefined();
      await stage.runAll(stage.tools(more), event, 600_000);
      expect(await traceOf(stage)).toEqual(trace);
    }
  });
});

describe('an enqueue that is short of time', () => {
  it('goes on in other invocations and sends what one invocation would have sent', async () => {
    const long = await wholeRun(IN_SPILLS, 600_000);
    const short = await wholeRun(IN_SPILLS, 0);
    expect([long.invocations, short.invocations]).toEqual([1, 5]);
    expect(short.trace).toEqual(long.trace);
  });
});

describe('an enqueue that spills', () => {
  it('sends the same requests in the same messages as one that has room for all', async () => {
    const [spilled, whole] = [await wholeRun(IN_SPILLS), await wholeRun(IN_MEMORY)];
    expect(spilled.trace.messages).toEqual(whole.trace.messages);
    expect(spilled.trace.job.enqueued).toEqual(whole.trace.job.enqueued);
  });

  it('leaves neither spill nor state behind', async () => {
    await using stage = await DropStage.start();
    await stage.run(stage.tools(IN_SPILLS), await stage.drop(KEY, INPUT));
    expect(stage.calls.filter((call) => call === 'DeleteObjectCommand').length).toBeGreaterThan(3);
    const left: string[] = [];
    for await (const { key } of stage.cloud.objects.list('requests/')) left.push(key);
    expect(left).toEqual([expect.stringMatching(/000000\.jsonl\.gz$/)]);
    expect(await stage.cloud.objects.head(keys.enqueueState((await stage.job()).id))).toBeUndefined();
  });
});
