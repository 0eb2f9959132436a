import { afterAll, beforeAll, expect, it } from 'vitest';
import { runJob, startGround, type Ground } from './job-run.ts';
import { killers } from './sites.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await startGround();
});
afterAll(() => ground[Symbol.asyncDispose]());

it.each(killers)('a page that ends its function by %s is one crash line, and all other pages are there', async (killer) => {
  const { faults, deaths } = await runJob(ground, { killer, isOneAttempt: true });
  expect(faults).toEqual([]);
  // Once in company or alone, and three times on record.
  expect(deaths).toBeGreaterThanOrEqual(4);
});
