import { expect, test } from 'vitest';
import { settings } from '../../../infra/settings.ts';
import { testCloud } from './clouds.ts';
import type { Ran } from './handlers/scrape.ts';

// Far beyond what coming back at once takes, far below the queue's visibility timeout.
const SOON_MS = (settings.queues.requests.visibilityTimeoutSeconds * 1000) / 10;

for (const [what, cause] of [
  ['exit', /exited with code 7/],
  ['uncaught', /no JSON/],
  ['allocate', /memory/],
] as const) {
  test(`a thread that ends by ${what} has all its messages back at once`, { timeout: SOON_MS }, async () => {
    await using cloud = await testCloud();
    // The neighbour is under way on the thread that dies.
    await cloud.objects.put('urls/page/a.txt', 'neighbour hang\n');
    const before = await cloud.wait<Ran>('ran/neighbour/1');
    await cloud.objects.put('urls/page/b.txt', `killer ${what}\n`);

    const [again, back] = await Promise.all([cloud.wait<Ran>('ran/killer/2'), cloud.wait<Ran>('ran/neighbour/2')]);
    expect(again.threadId).not.toBe(before.threadId);
    expect(back.threadId).not.toBe(before.threadId);
    // A tick of report may have been on the thread as well.
    const failures = cloud.problems.flatMap((p) => (p.kind === 'function' && p.failure.function === 'scrape' ? [p.failure] : []));
    expect(failures.map((f) => f.kind)).toEqual(['died', 'died']);
    expect(failures[0]?.message).toMatch(cause);
  });
}

test('an invocation over its time is ended with its thread, and both it and its neighbours come back', { timeout: SOON_MS }, async () => {
  await using cloud = await testCloud({ timeoutMs: 3_000 });
  await cloud.objects.put('urls/page/a.txt', 'killer loop\nneighbour pass\n');

  await Promise.all([cloud.wait<Ran>('ran/killer/2'), cloud.wait<Ran>('ran/neighbour/1')]);
  expect(cloud.problems[0]).toMatchObject({ kind: 'function', failure: { kind: 'timeout', function: 'scrape' } });
});

test('a handler that throws has its messages back at once', { timeout: SOON_MS }, async () => {
  await using cloud = await testCloud();
  await cloud.objects.put('urls/page/a.txt', 'lane throw\n');

  await cloud.wait<Ran>('ran/lane/2');
  expect(cloud.problems[0]).toMatchObject({ kind: 'function', failure: { kind: 'thrown', message: 'told to throw' } });
});

test('a message that has come back runs in an invocation and a thread of its own', { timeout: SOON_MS }, async () => {
  await using cloud = await testCloud();
  await cloud.objects.put('urls/page/a.txt', 'one exit\ntwo exit\nthree exit\n');

  const ran = await Promise.all(['one', 'two', 'three'].map((lane) => cloud.wait<Ran>(`ran/${lane}/2`)));
  expect(ran.map((r) => r.lanesInEvent)).toEqual([1, 1, 1]);
  expect(new Set(ran.map((r) => r.requestId)).size).toBe(3);
});
