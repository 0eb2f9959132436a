import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LanePace, type PaceObservation } from '../../functions/fetch/lane-pace.ts';

/** What can happen to a lane: time passes, a request starts if it may and goes out when it has a connection, one ends, the invocation changes. */
type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'start'; readonly connectMs: number }
  | { readonly kind: 'end'; readonly seen: Omit<PaceObservation, 'latencyMs'> }
  | { readonly kind: 'handOver' };

const seen: fc.Arbitrary<Omit<PaceObservation, 'latencyMs'>> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ status: 200 }) },
  fc.constant({ status: 404, code: 'http-404' }),
  fc.constant({ status: 500, code: 'http-500' }),
  fc.constant({ status: 429, code: 'http-429' }),
  fc.nat(100_000).map((retryAfterMs) => ({ status: 503, code: 'http-503', retryAfterMs })),
  fc.constant({ code: 'connect' }),
  fc.constant({ code: 'timeout' }),
  fc.constant({ code: 'cancelled' }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.nat(5_000).map((ms): Step => ({ kind: 'pass', ms })) },
  { weight: 6, arbitrary: fc.constantFrom(0, 0, 3_000).map((connectMs): Step => ({ kind: 'start', connectMs })) },
  { weight: 5, arbitrary: seen.map((what): Step => ({ kind: 'end', seen: what })) },
  fc.constant<Step>({ kind: 'handOver' }),
);

interface Run {
  readonly starts: readonly number[];
  readonly mostInFlight: number;
  readonly pauses: readonly { readonly fromMs: number; readonly untilMs: number }[];
}

/** Plays a history; a waiting start comes as soon as it may. */
function play(steps: readonly Step[], options: { concurrency: number; delayMs: number; chance: number }): Run {
  const make = (state?: ReturnType<LanePace['toState']>): LanePace =>
    new LanePace({ concurrency: options.concurrency, delayMs: options.delayMs, random: () => options.chance }, state);
  let pace = make();
  let nowMs = 1_000_000;
  const flying: number[] = [];
  /** Requests that wait for their connection, and when they have it. */
  let connecting: number[] = [];
  const starts: number[] = [];
  const pauses: { fromMs: number; untilMs: number }[] = [];
  let mostInFlight = 0;
  const goOut = (atMs: number): void => {
    pace.sent(atMs);
    starts.push(atMs);
  };
  const pass = (ms: number): void => {
    nowMs += ms;
    for (const atMs of connecting.filter((dueMs) => dueMs <= nowMs).toSorted((a, b) => a - b)) goOut(atMs);
    connecting = connecting.filter((dueMs) => dueMs > nowMs);
  };
  for (const what of steps) {
    switch (what.kind) {
      case 'pass':
        pass(what.ms);
        break;
      case 'start': {
        const waitMs = pace.waitMs(nowMs);
        if (!Number.isFinite(waitMs)) break;
        pass(waitMs);
        pace.started(nowMs, false);
        flying.push(nowMs);
        connecting.push(nowMs + what.connectMs);
        pass(0);
        mostInFlight = Math.max(mostInFlight, flying.length);
        break;
      }
      case 'end': {
        // The first to start ends; where it has no connection yet, time goes on until all have one.
        if (connecting.length > 0) pass(Math.max(...connecting) - nowMs);
        const startedMs = flying.shift();
        if (startedMs === undefined) break;
        pace.ended(nowMs, { latencyMs: nowMs - startedMs, ...what.seen });
        if (what.seen.retryAfterMs !== undefined) pauses.push({ fromMs: nowMs, untilMs: nowMs + what.seen.retryAfterMs });
        break;
      }
      case 'handOver':
        if (connecting.length > 0) pass(Math.max(...connecting) - nowMs);
        // An invocation ends only when nothing of its lane is under way.
        for (const startedMs of flying.splice(0)) pace.ended(nowMs, { latencyMs: nowMs - startedMs, code: 'cancelled' });
        pace = make(JSON.parse(JSON.stringify(pace.toState())) as ReturnType<LanePace['toState']>);
        break;
    }
  }
  return { starts, mostInFlight, pauses };
}

const options = fc.record({
  concurrency: fc.integer({ min: 1, max: 5 }),
  delayMs: fc.constantFrom(0, 1, 500, 3_000),
  chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});

test('whatever happens, neither concurrency nor delay is ever exceeded, and no pause that was asked for is broken', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), options, (steps, chosen) => {
      const { starts, mostInFlight, pauses } = play(steps, chosen);
      expect(mostInFlight).toBeLessThanOrEqual(chosen.concurrency);
      const gaps = starts.slice(1).map((start, i) => start - (starts[i] ?? 0));
      expect(Math.min(...gaps, Infinity)).toBeGreaterThanOrEqual(chosen.delayMs);
      for (const { fromMs, untilMs } of pauses) expect(starts.filter((start) => start > fromMs && start < untilMs)).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});

test('whatever happened before, no failure lowers the latency that spreads the requests', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(seen, fc.nat(60_000)), { maxLength: 60 }), options, (ends, chosen) => {
      const pace = new LanePace({ concurrency: chosen.concurrency, delayMs: chosen.delayMs, random: () => chosen.chance });
      let nowMs = 1_000_000;
      for (const [what, latencyMs] of ends) {
        nowMs += pace.waitMs(nowMs) + latencyMs;
        const before = pace.toState().latencyMs;
        pace.started(nowMs - latencyMs);
        pace.ended(nowMs, { latencyMs, ...what });
        expect(pace.toState().latencyMs).toBeGreaterThanOrEqual(what.code === undefined ? 0 : before);
      }
    }),
  );
});

test('whatever happened, the lane goes on: no wait is longer than a day and a quarter', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), options, (steps, chosen) => {
      const pace = new LanePace({ concurrency: chosen.concurrency, delayMs: chosen.delayMs, random: () => chosen.chance });
      let nowMs = 1_000_000;
      for (const what of steps) {
        if (what.kind === 'pass') nowMs += what.ms;
        if (what.kind !== 'end' || pace.waitMs(nowMs) !== 0) continue;
        pace.started(nowMs);
        pace.ended(nowMs, { latencyMs: 0, ...what.seen });
      }
      expect(pace.waitMs(nowMs)).toBeLessThanOrEqual(86_400_000 * 1.25);
    }),
  );
});
