import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyBudget } from '../../functions/fetch/body-budget.ts';
import { pageOf, requestTo, startSite, testFetcher } from './harness.ts';

class Holder {
  paused = false;
  done = false;
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

test('who would pass the bound is paused, and goes on when there is room', async () => {
  const budget = new BodyBudget(100);
  const [a, b, c] = [new Holder(), new Holder(), new Holder()];
  budget.add(a, 60);
  budget.add(b, 30);
  budget.add(c, 20);
  expect([a.paused, b.paused, c.paused]).toEqual([false, false, true]);
  budget.release(b);
  await turn();
  expect(c.paused).toBe(false);
  expect(budget.heldBytes).toBe(80);
});

test('the oldest always goes on, however full it is', async () => {
  const budget = new BodyBudget(100);
  const [a, b] = [new Holder(), new Holder()];
  budget.add(a, 80);
  budget.add(b, 80);
  budget.add(a, 80);
  expect([a.paused, b.paused]).toEqual([false, true]);
  budget.release(a);
  await turn();
  expect(b.paused).toBe(false);
});

test('whatever comes in whatever order, somebody can always go on, and in the end nothing is held', async () => {
  const step = fc.record({ who: fc.nat(5), bytes: fc.integer({ min: 1, max: 80 }), ends: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const budget = new BodyBudget(100);
      const holders = Array.from({ length: 6 }, () => new Holder());
      const active = new Set<Holder>();
      for (const { who, bytes, ends } of steps) {
        const holder = holders[who];
        if (!holder || holder.paused || holder.done) continue;
        active.add(holder);
        budget.add(holder, bytes);
        if (ends) {
          budget.release(holder);
          holder.done = true;
          active.delete(holder);
        }
        await turn();
        expect(active.size === 0 || [...active].some(({ paused }) => !paused)).toBe(true);
      }
      for (const holder of active) budget.release(holder);
      expect(budget.heldBytes).toBe(0);
    }),
    { numRuns: 200 },
  );
});

// A body that was let go on from inside another one's parser stopped both for ever.
test('many large pages at once all come through a small budget, on either length', async () => {
  const body = 'x'.repeat(300_000);
  const site = await startSite((request, response) => {
    response.setHeader('content-type', 'text/html');
    if (request.url === '/chunked') response.write(body, () => response.end());
    else response.setHeader('content-length', body.length).end(body);
  });
  const fetcher = testFetcher({ maxHeldBytes: 400_000 });
  const pages = await Promise.all(
    Array.from({ length: 40 }, (_, i) => pageOf(fetcher.fetch(requestTo(`${site.origin}/${i % 2 === 0 ? 'chunked' : 'sized'}`)))),
  );
  expect(pages.every((page) => page.text() === body)).toBe(true);
});
