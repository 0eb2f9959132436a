import { expect, test } from 'vitest';
import { OutOfTime } from '../../functions/scraper/time-limit.ts';
import { inTurn } from '../../functions/scraper/watched-turns.ts';

function forever(): never {
  for (;;);
}

function busy(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

test('one that never ends is interrupted, and takes no other of its round with it', async () => {
  const ran: string[] = [];
  const note = (name: string) => () => ran.push(name);
  const settled = await Promise.allSettled([inTurn(500, note('before')), inTurn(500, forever), inTurn(500, note('behind'))]);
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(settled[1]).toMatchObject({ reason: expect.any(OutOfTime) });
  expect(ran).toEqual(['before', 'behind']);
});

test('the time of one does not count for another of its round', async () => {
  const round = [800, 800, 900].map((timeMs) => inTurn(timeMs, () => busy(450)));
  await expect(Promise.all(round)).resolves.toHaveLength(3);
});

test('what one of a round throws is its own', async () => {
  const broken = inTurn(50, () => {
    throw new Error('no price');
  });
  const sound = inTurn(50, () => Promise.resolve(7));
  await expect(broken).rejects.toThrow('no price');
  await expect(sound).resolves.toBe(7);
});
