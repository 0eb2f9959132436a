import { describe, expect, test } from 'vitest';
import { DOWN_PROBES, LanePace, MAX_CRAWL_DELAY_MS, type PaceOptions } from '../../functions/fetch/lane-pace.ts';

const NOW = 1_000_000_000;
const OK = { latencyMs: 50, status: 200 };

function paceOf(more: Partial<PaceOptions> = {}): LanePace {
  return new LanePace({ concurrency: 4, delayMs: 0, random: () => 0, ...more });
}

/** One request that starts and ends at once. */
function once(pace: LanePace, nowMs: number, seen: Parameters<LanePace['ended']>[1] = OK): void {
  pace.started(nowMs - seen.latencyMs);
  pace.ended(nowMs, seen);
}

describe('concurrency', () => {
  test('as many start at once as may, and not one more', () => {
    const pace = paceOf();
    for (let i = 0; i < 4; i++) {
      expect(pace.waitMs(NOW)).toBe(0);
      pace.started(NOW);
    }
    expect(pace.waitMs(NOW)).toBe(Number.POSITIVE_INFINITY);
    pace.ended(NOW + 50, OK);
    expect(pace.waitMs(NOW + 50)).toBe(0);
  });

  test.each([0, -1, Number.NaN])('of %s is refused', (concurrency) => {
    expect(() => paceOf({ concurrency })).toThrow(RangeError);
  });
});

describe('delay', () => {
  test('holds between two starts, with up to a tenth more by chance', () => {
    const pace = paceOf({ delayMs: 1_000 });
    pace.started(NOW);
    expect(pace.waitMs(NOW + 400)).toBe(600);
    expect(pace.waitMs(NOW + 1_000)).toBe(0);
    const late = paceOf({ delayMs: 1_000, random: () => 0.999 });
    late.started(NOW);
    expect(late.waitMs(NOW)).toBeCloseTo(1_099.9);
  });

  test('holds across invocations', () => {
    const first = paceOf({ delayMs: 1_000 });
    once(first, NOW);
    const second = new LanePace({ concurrency: 4, delayMs: 1_000, random: () => 0 }, JSON.parse(JSON.stringify(first.toState())) as never);
    expect(second.waitMs(NOW + 200)).toBe(750);
  });

  test('of robots.txt holds where it is the larger, from the moment it is known', () => {
    const pace = paceOf({ delayMs: 100 });
    pace.started(NOW);
    expect(pace.declare(5_000)).toBe(5_000);
    expect(pace.waitMs(NOW)).toBe(5_000);
    const own = paceOf({ delayMs: 10_000 });
    own.declare(5_000);
    own.started(NOW);
    expect(own.waitMs(NOW)).toBe(10_000);
  });

  test('of robots.txt is capped, and the cap is told', () => {
    const pace = paceOf();
    expect(pace.declare(86_400_000)).toBe(MAX_CRAWL_DELAY_MS);
    pace.started(NOW);
    expect(pace.waitMs(NOW)).toBe(MAX_CRAWL_DELAY_MS);
  });

  test('of robots.txt is for all lanes of a host together, though none knows of the others', () => {
    const lanes = [0, 1, 2].map((lane) => {
      const pace = paceOf({ share: { lane, lanes: 3 }, random: Math.random });
      pace.declare(1_000);
      return pace;
    });
    const starts: number[] = [];
    for (let nowMs = NOW; nowMs < NOW + 60_000; nowMs += 7) {
      for (const pace of lanes) {
        if (pace.waitMs(nowMs) > 0) continue;
        starts.push(nowMs);
        pace.started(nowMs);
        pace.ended(nowMs, { latencyMs: 0, status: 200 });
      }
    }
    const gaps = starts.slice(1).map((at, i) => at - (starts[i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
    // And none is left out: one start a delay and a quarter, whichever lane's.
    expect(starts.length).toBeGreaterThanOrEqual(47);
  });

  test('of one job holds against the last start of another job on the host', () => {
    const hasty = paceOf();
    once(hasty, NOW);
    const gentle = new LanePace({ concurrency: 4, delayMs: 1_000, random: () => 0 }, hasty.toState());
    expect(gentle.waitMs(NOW + 200)).toBe(750);
  });

  test('counts from when a request goes out: those that wait for their connection do not go out together', () => {
    const pace = paceOf({ delayMs: 1_000 });
    pace.started(NOW, false);
    expect(pace.waitMs(NOW + 8_000)).toBe(Number.POSITIVE_INFINITY);
    pace.sent(NOW + 8_000);
    expect(pace.waitMs(NOW + 8_000)).toBe(1_000);
    // A redirect, say: the host is asked again by the same fetch.
    pace.sent(NOW + 8_500, false);
    expect(pace.waitMs(NOW + 9_000)).toBe(500);
    const hasty = paceOf();
    for (let i = 0; i < 4; i++) {
      expect(hasty.waitMs(NOW)).toBe(0);
      hasty.started(NOW, false);
    }
  });

  test('another machine with a faster clock does not stop the lane', () => {
    const ahead = paceOf({ delayMs: 1_000 });
    ahead.started(NOW + 3_600_000);
    ahead.ended(NOW + 3_600_000, { latencyMs: 0 });
    const pace = new LanePace({ concurrency: 4, delayMs: 1_000, random: () => 0 }, ahead.toState());
    expect(pace.waitMs(NOW)).toBe(1_000);
  });
});

describe('a host that asks for a pause', () => {
  test.each([429, 503])('status %i with Retry-After pauses exactly so long, or a little longer', (status) => {
    const pace = paceOf();
    once(pace, NOW, { latencyMs: 50, status, code: `http-${status}`, retryAfterMs: 120_000 });
    expect(pace.pausedUntil).toBe(NOW + 120_000);
    expect(pace.waitMs(NOW)).toBe(120_000);
    expect(pace.waitMs(NOW + 120_000)).toBe(0);
  });

  test('Retry-After on any other answer pauses too', () => {
    const pace = paceOf();
    once(pace, NOW, { latencyMs: 50, status: 403, code: 'http-403', retryAfterMs: 7_000 });
    expect(pace.waitMs(NOW)).toBe(7_000);
  });

  test('without Retry-After the pause doubles each time', () => {
    const pace = paceOf();
    const throttled = { latencyMs: 10, status: 429, code: 'http-429' };
    let nowMs = NOW;
    const pauses: number[] = [];
    for (let i = 0; i < 12; i++) {
      once(pace, nowMs, throttled);
      pauses.push(pace.waitMs(nowMs));
      nowMs = pace.pausedUntil + 100;
    }
    expect(pauses.slice(0, 4)).toEqual([5_000, 10_000, 20_000, 40_000]);
    expect(pauses.at(-1)).toBe(900_000);
  });

  test('several refusals of one burst count once', () => {
    const pace = paceOf();
    for (let i = 0; i < 4; i++) pace.started(NOW);
    for (let i = 0; i < 4; i++) pace.ended(NOW + 10 + i, { latencyMs: 10 + i, status: 429, code: 'http-429' });
    expect(pace.pausedUntil).toBe(NOW + 10 + 3 + 5_000);
  });

  test('after the pause fewer go at once, and more again with each success', () => {
    const pace = paceOf();
    once(pace, NOW, { latencyMs: 10, status: 429, code: 'http-429' });
    const later = NOW + 10_000;
    const atOnce = (): number => {
      let count = 0;
      for (; pace.waitMs(later) === 0; count++) pace.started(later);
      for (let i = 0; i < count; i++) pace.ended(later, { latencyMs: 0, code: 'cancelled' });
      return count;
    };
    expect(atOnce()).toBe(2);
    once(pace, later);
    expect(atOnce()).toBe(3);
    once(pace, later);
    once(pace, later);
    expect(atOnce()).toBe(4);
  });

  test('a pause holds across invocations', () => {
    const pace = paceOf();
    once(pace, NOW, { latencyMs: 50, status: 503, code: 'http-503', retryAfterMs: 60_000 });
    expect(new LanePace({ concurrency: 1, delayMs: 0, random: () => 0 }, pace.toState()).waitMs(NOW + 1_000)).toBe(59_000);
  });
});

describe('a host that is down', () => {
  const refused = { latencyMs: 10, code: 'connect' };

  function fail(pace: LanePace, times: number, nowMs: number, seen = refused): void {
    for (let i = 0; i < times; i++) once(pace, nowMs + i, seen);
  }

  test('a few failures among successes pause nothing', () => {
    const pace = paceOf();
    fail(pace, 4, NOW);
    once(pace, NOW + 100);
    fail(pace, 4, NOW + 200);
    expect(pace.pausedUntil).toBe(0);
  });

  test.each(['connect', 'dns', 'timeout'])(
    'five failures (%s) in a row pause it, then one probe at a time, after growing pauses',
    (code) => {
      const pace = paceOf();
      fail(pace, 5, NOW, { latencyMs: 10, code });
      expect(pace.pausedUntil).toBe(NOW + 4 + 10_000);
      const pauses: number[] = [];
      for (let i = 0; i < 6; i++) {
        const nowMs = pace.pausedUntil;
        expect(pace.waitMs(nowMs)).toBe(0);
        pace.started(nowMs);
        expect(pace.waitMs(nowMs)).toBe(Number.POSITIVE_INFINITY);
        pace.ended(nowMs + 10, { latencyMs: 10, code });
        pauses.push(pace.pausedUntil - (nowMs + 10));
      }
      expect(pauses).toEqual([30_000, 90_000, 270_000, 810_000, 900_000, 900_000]);
    },
  );

  test('is given up after the last probe, until it answers', () => {
    const pace = paceOf();
    fail(pace, 5, NOW);
    for (let probe = 1; probe <= DOWN_PROBES; probe++) {
      expect(pace.deadOf).toBeUndefined();
      once(pace, pace.pausedUntil + 10, refused);
    }
    expect(pace.deadOf).toBe('connect');
    const later = new LanePace({ concurrency: 4, delayMs: 0, random: () => 0 }, JSON.parse(JSON.stringify(pace.toState())) as never);
    expect(later.deadOf).toBe('connect');
    once(pace, pace.pausedUntil + 10);
    expect(pace.deadOf).toBeUndefined();
  });

  test('that answers with errors is not down', () => {
    const pace = paceOf();
    for (let i = 0; i < 50; i++) once(pace, NOW + i, { latencyMs: 10, status: 500, code: 'http-500' });
    expect(pace.pausedUntil).toBe(0);
  });

  test('what was ended by the caller says nothing about it', () => {
    const pace = paceOf();
    for (let i = 0; i < 50; i++) once(pace, NOW + i, { latencyMs: 10, code: 'cancelled' });
    expect(pace.pausedUntil).toBe(0);
    expect(pace.waitMs(NOW + 100)).toBe(0);
  });
});

describe('latency', () => {
  test('of a fast host spreads nothing', () => {
    const pace = paceOf();
    once(pace, NOW, { latencyMs: 200, status: 200 });
    pace.started(NOW);
    expect(pace.waitMs(NOW)).toBe(0);
  });

  /** All places of a host that takes two seconds are taken; one request ends. @returns the wait for the start after the next. */
  const waitWhenFull = (random: number): number => {
    const pace = paceOf({ random: () => random });
    once(pace, NOW, { latencyMs: 2_000, status: 200 });
    for (let i = 0; i < 4; i++) pace.started(NOW);
    pace.ended(NOW + 2_000, { latencyMs: 2_000, status: 200 });
    pace.started(NOW + 2_000);
    pace.ended(NOW + 2_000, { latencyMs: 2_000, status: 200 });
    return pace.waitMs(NOW + 2_000);
  };

  test('of a slow host spreads its requests evenly', () => {
    expect(waitWhenFull(0)).toBe(500);
    // Chance makes it less and never more: a free place is not kept waiting.
    expect(waitWhenFull(0.999)).toBeCloseTo(250, 0);
  });

  test('of a slow host keeps few places empty: the more are free, the sooner one is taken', () => {
    const pace = paceOf();
    once(pace, NOW, { latencyMs: 2_400, status: 200 });
    let nowMs = NOW + 10_000;
    const waits = [0, 1, 2].map(() => {
      pace.started(nowMs);
      const waitMs = pace.waitMs(nowMs);
      nowMs += waitMs;
      return waitMs;
    });
    expect(waits).toEqual([150, 200, 300]);
  });

  test('that falls brings requests closer step by step; a failure never does', () => {
    const pace = paceOf();
    once(pace, NOW, { latencyMs: 4_000, status: 200 });
    once(pace, NOW, { latencyMs: 1, status: 500, code: 'http-500' });
    once(pace, NOW, { latencyMs: 1, status: 404, code: 'http-404' });
    once(pace, NOW, { latencyMs: 1, code: 'connect' });
    expect(pace.toState().latencyMs).toBe(4_000);
    once(pace, NOW, { latencyMs: 2_000, status: 200 });
    expect(pace.toState().latencyMs).toBe(3_000);
    once(pace, NOW, { latencyMs: 30_000, code: 'timeout' });
    expect(pace.toState().latencyMs).toBe(16_500);
  });

  test('counts for nothing where the scraper wants it so', () => {
    const pace = paceOf({ adaptive: false });
    once(pace, NOW, { latencyMs: 8_000, status: 200 });
    pace.started(NOW);
    expect(pace.waitMs(NOW)).toBe(0);
  });
});
