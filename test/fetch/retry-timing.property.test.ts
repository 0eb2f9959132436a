import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BASE_RETRY_MS, isRepeatable, MAX_RETRY_MS, retryDelayMs } from '../../functions/fetch/retry-timing.ts';
import { MAX_RETRY_AFTER_MS, parseHttpDate, parseRetryAfter } from '../../functions/fetch/retry-after.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const attempt = fc.integer({ min: 1, max: 1_000 });
const time = fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });

test('a back-off lies between nothing and its ceiling, which doubles up to five minutes', () => {
  fc.assert(
    fc.property(attempt, random, (n, chance) => {
      const ms = retryDelayMs(n, { random: chance });
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThanOrEqual(Math.min(MAX_RETRY_MS, BASE_RETRY_MS * 2 ** (n - 1)));
    }),
  );
});

test('jitter is full: a fleet spreads over the whole range', () => {
  expect(retryDelayMs(4, { random: 0 })).toBe(0);
  expect(retryDelayMs(4, { random: 0.5 })).toBe(4_000);
  expect(retryDelayMs(4, { random: 0.999999 })).toBe(8_000);
});

test('nothing is tried again sooner than the server asked', () => {
  fc.assert(
    fc.property(attempt, random, fc.integer({ min: 0, max: MAX_RETRY_AFTER_MS }), (n, chance, retryAfterMs) => {
      const ms = retryDelayMs(n, { random: chance, retryAfterMs });
      expect(ms).toBeGreaterThanOrEqual(retryAfterMs);
      expect(ms).toBeLessThanOrEqual(retryAfterMs + MAX_RETRY_MS);
    }),
  );
});

test('a later attempt never waits less, by equal luck', () => {
  fc.assert(
    fc.property(attempt, random, (n, chance) => {
      expect(retryDelayMs(n + 1, { random: chance })).toBeGreaterThanOrEqual(retryDelayMs(n, { random: chance }));
    }),
  );
});

test('only what means the same twice is repeated', () => {
  expect(['GET', 'head', 'OPTIONS', 'PUT', 'DELETE', 'QUERY'].every((method) => isRepeatable(method))).toBe(true);
  expect(['POST', 'patch', 'CONNECT', 'LOCK', ''].some((method) => isRepeatable(method))).toBe(false);
});

test('Retry-After in seconds comes out in ms, a day at most', () => {
  fc.assert(
    fc.property(fc.nat(), time, (seconds, now) => {
      expect(parseRetryAfter(`${seconds}`, now.getTime())).toBe(Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS));
    }),
  );
});

test('Retry-After as a date, in any of the three forms, is the time until then', () => {
  fc.assert(
    fc.property(time, fc.integer({ min: -100_000, max: 2_000_000 }), (date, aheadMs) => {
      const at = Math.floor(date.getTime() / 1_000) * 1_000;
      const nowMs = at - aheadMs;
      const expected = Math.min(Math.max(0, aheadMs), MAX_RETRY_AFTER_MS);
      for (const form of httpDates(new Date(at))) expect([form, parseRetryAfter(form, nowMs)]).toEqual([form, expected]);
    }),
  );
});

test('any other text counts as absent', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/^\s*\d+\s*$/.test(text));
      expect(parseRetryAfter(text, 0)).toBeUndefined();
    }),
  );
});

test.each([
  '-1',
  '1.5',
  '+5',
  '1e3',
  '0x10',
  'tomorrow',
  '2026-11-24T00:00:00Z',
  'Mon, 31 Feb 2026 10:00:00 GMT',
  'Mon, 23 Nov 2026 25:00:00 GMT',
  'Mon, 23 Nov 2026 10:00:00 CET',
  'Mon, 23 Nov 2026 10:00 GMT',
])('%s is no Retry-After', (text) => {
  expect(parseRetryAfter(text, 0)).toBeUndefined();
});

test('a year of two digits that would lie more than fifty years ahead is past', () => {
  const now = Date.UTC(2026, 10, 23);
  expect(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', now)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
  expect(parseHttpDate('Friday, 06-Nov-76 08:49:37 GMT', now)).toBe(Date.UTC(2076, 10, 6, 8, 49, 37));
});

/** RFC 9110, section 5.6.7; the form with two digits for the year only where it is within fifty years of now. */
function httpDates(date: Date): readonly string[] {
  const imf = date.toUTCString();
  const [weekday = '', day = '', month = '', year = '', clock = ''] = imf.replace(',', '').split(' ');
  return [imf, `${weekday} ${month} ${day.replace(/^0/, ' ')} ${clock} ${year}`];
}
