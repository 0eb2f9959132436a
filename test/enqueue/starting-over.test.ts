import { describe, expect, it } from 'vitest';
import type { Enqueued } from '../../functions/job/job.ts';
import { errorsPrefix } from '../../functions/job/keys.ts';
import type { PlanTools } from '../../functions/enqueue/run-plan.ts';
import { DropStage, type Strike } from './drop.ts';

/** Small hosts, a large one, duplicates and bad lines, in an order that mixes them. */
const INPUT = Array.from({ length: 9_000 }, (_, i) => {
  if (i % 301 === 0) return `not a url ${i}`;
  if (i % 97 === 0) return 'https://host-1.example/again';
  return i % 3 === 0 ? `https://big.example/catalogue/item-${i}.html?ref=${(i * 7919) % 1000}` : `https://host-${i % 41}.example/p/${i}`;
}).join('\n');

/** A budget that overflows several times, and legs of a few flushes each. */
const SMALL: Partial<PlanTools> = { budgetBytes: 40_000, leg: { maxMessages: 1_000, maxBlocks: 1_000 } };
const LEGS: Partial<PlanTools> = { budgetBytes: 40_000, leg: { maxMessages: 60, maxBlocks: 1_000 } };

/** All that a job leaves for others to read. */
async function traceOf(stage: DropStage) {
  const job = await stage.job();
  const objects: Record<string, string> = {};
  for (const prefix of ['requests/', errorsPrefix(job)]) {
    for await (const { key } of stage.cloud.objects.list(prefix))
      objects[key] = (await stage.cloud.objects.get(key))?.toString('base64') ?? '';
  }
  const { at: _, ...accounts } = job.enqueued ?? ({} as Enqueued);
  return { messages: stage.messages().toSorted(), objects, job: { ...job, enqueued: accounts } };
}

async function wholeRun(more: Partial<PlanTools>, remainingMs = 0) {
  await using stage = await DropStage.start();
  stage.die(undefined);
  const invocations = await stage.runAll(stage.tools(more), await stage.drop('urls/page/x.txt', INPUT), remainingMs);
  return { trace: await traceOf(stage), calls: stage.calls.length, invocations };
}

/** Dies at one call, and then everything is delivered again. */
async function struckRun(more: Partial<PlanTools>, strike: Strike) {
  await using stage = await DropStage.start();
  const event = await stage.drop('urls/page/x.txt', INPUT);
  stage.die(strike);
  const tools = stage.tools(more);
  await stage.runAll(tools, event, 0).catch(() => {});
  stage.die(undefined);
  await stage.runAll(tools, event, 0);
  return await traceOf(stage);
}

describe('an enqueue that dies', () => {
  it.each([
    ['in one leg', SMALL],
    ['in several legs', LEGS],
  ])('%s, before or after any call, leaves after its repeat what an unharmed one leaves', async (_, more) => {
    const { trace, calls, invocations } = await wholeRun(more);
    expect(trace.messages.length).toBeGreaterThan(50);
    expect(Object.keys(trace.objects).length).toBeGreaterThan(2);
    expect(invocations).toBe(more === LEGS ? 3 : 1);
    for (let call = 1; call <= calls; call++) {
      for (const isDone of [false, true]) {
        expect(await struckRun(more, { call, isDone }), `call ${call} of ${calls}, ${isDone ? 'done' : 'not done'}`).toEqual(trace);
      }
    }
  });
});

describe('an enqueue that is short of time', () => {
  it('goes on in other invocations and sends what one invocation would have sent', async () => {
    const long = await wholeRun(LEGS, 600_000);
    const short = await wholeRun(LEGS, 0);
    expect([long.invocations, short.invocations]).toEqual([1, 3]);
    expect(short.trace).toEqual(long.trace);
  });
});
