import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LanePace } from '../../functions/fetch/lane-pace.ts';
import { RequestError, type ErrorCode } from '../../functions/job/errors.ts';
import type { Request } from '../../functions/job/request.ts';
import { Retries } from '../../functions/scrape/retries.ts';

/** What happens to one request, attempt by attempt. */
interface Attempt {
  readonly tookMs: number;
  readonly code: ErrorCode;
  readonly retryAfterMs?: number;
  /** Time in the queue behind other work, once it is due. */
  readonly queuedMs: number;
  /** A slice ends between this attempt and the next: the request, the pace and nothing else go on. */
  readonly isHandedOn: boolean;
}

const ms = (max: number) => fc.integer({ min: 0, max });
const attempt: fc.Arbitrary<Attempt> = fc.record(
  {
    tookMs: ms(30_000),
    code: fc.constantFrom<ErrorCode>('timeout', 'connect', 'http-500', 'http-429', 'http-503'),
    retryAfterMs: ms(600_000),
    queuedMs: fc.oneof(fc.constant(0), ms(300_000)),
    isHandedOn: fc.boolean(),
  },
  { requiredKeys: ['tookMs', 'code', 'queuedMs', 'isHandedOn'] },
);
const life = fc.record({
  attempts: fc.array(attempt, { minLength: 1, maxLength: 30 }),
  retries: fc.integer({ min: 0, max: 20 }),
  giveUpAfter: fc.integer({ min: 1, max: 3_600_000 }),
  chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});

/** Lives through it by a clock of its own; what came of it, and each start with the pauses there had been by then. */
function live({ attempts, retries: allowed, giveUpAfter, chance }: typeof life extends fc.Arbitrary<infer T> ? T : never) {
  let nowMs = 1_000_000;
  const tools = { now: () => nowMs, random: () => chance };
  const options = { retries: allowed, giveUpAfter };
  const paceOptions = { concurrency: 1, delayMs: 0, random: () => chance };
  let pace = new LanePace(paceOptions);
  let retries = new Retries(options, pace, tools);
  let request: Request = { url: 'http://a.example/' };
  /** Pauses of the host as they came, kept without the pace's own account. */
  const pauses: { from: number; until: number }[] = [];
  const starts: { atMs: number; pausedMs: number }[] = [];
  const pausedUpTo = (atMs: number): number => {
    let total = 0;
    let covered = 0;
    for (const { from, until } of pauses.toSorted((a, b) => a.from - b.from)) {
      const begin = Math.max(from, covered);
      total += Math.max(0, Math.min(until, atMs) - begin);
      covered = Math.max(covered, until);
    }
    return total;
  };
  for (const { tookMs, code, retryAfterMs, queuedMs, isHandedOn } of attempts) {
    const overdue = retries.overdue(request);
    if (overdue) return { starts, error: overdue, attempts: request.attempts };
    starts.push({ atMs: nowMs, pausedMs: pausedUpTo(nowMs) });
    const began = retries.begin();
    pace.started(nowMs);
    nowMs += tookMs;
    const status = /^http-(\d+)$/.exec(code)?.[1];
    const more = { ...(status !== undefined && { status: Number(status) }), ...(retryAfterMs !== undefined && status && { retryAfterMs }) };
    const error = new RequestError(code, 'It failed.', more);
    const before = pace.pausedUntil;
    pace.ended(nowMs, { latencyMs: tookMs, code, ...more });
    if (pace.pausedUntil > before) pauses.push({ from: nowMs, until: pace.pausedUntil });
    const final = retries.plan(request, error, began);
    if (final) return { starts, error: final.error, attempts: final.request.attempts };
    const [waiting] = isHandedOn ? retries.drain() : [undefined];
    nowMs = Math.max(waiting?.dueMs ?? retries.nextMs, pace.pausedUntil) + queuedMs;
    request = waiting?.request ?? retries.take() ?? request;
    if (!isHandedOn) continue;
    // As through a message and the lane's state.
    request = JSON.parse(JSON.stringify(request)) as Request;
    pace = new LanePace(paceOptions, JSON.parse(JSON.stringify(pace.toState())) as ReturnType<LanePace['toState']>);
    retries = new Retries(options, pace, tools);
  }
  return { starts, error: undefined, attempts: request.attempts };
}

test('no attempt begins when the time for all of them is spent, pauses of the host left out', () => {
  fc.assert(
    fc.property(life, (one) => {
      const { starts } = live(one);
      const [first = { atMs: 0, pausedMs: 0 }] = starts;
      for (const { atMs, pausedMs } of starts) expect(atMs - first.atMs - (pausedMs - first.pausedMs)).toBeLessThanOrEqual(one.giveUpAfter);
    }),
  );
});

test('a host may ask for pauses as long as it likes: they cost a request none of its attempts', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 86_400_000 }), fc.integer({ min: 0, max: 20 }), (retryAfterMs, retries) => {
      const refused = { tookMs: 0, code: 'http-429', retryAfterMs, queuedMs: 0, isHandedOn: true } as const;
      // What jitter adds to a pause is the pause's own, so only the back-off behind it counts: none, with no chance at play.
      const { error, attempts } = live({ attempts: Array.from({ length: 30 }, () => refused), retries, giveUpAfter: 1, chance: 0 });
      expect([error?.code, attempts]).toEqual(['http-429', retries + 1 + 4]);
    }),
  );
});

test('what ends so has the code of its last failure, its attempts, and says why', () => {
  const slow = { tookMs: 30_000, code: 'timeout', queuedMs: 0, isHandedOn: false } as const;
  const broken = { tookMs: 5_000, code: 'http-500', queuedMs: 0, isHandedOn: false } as const;
  const { error, attempts } = live({ attempts: [slow, broken, broken], retries: 9, giveUpAfter: 32_000, chance: 0 });
  expect([error?.code, error?.status, error?.next, attempts]).toEqual(['http-500', 500, 'never', 2]);
  expect(error?.message).toBe('It failed. (not tried again: the 32000 ms of request.giveUpAfter are spent)');
});
