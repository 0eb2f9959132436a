import { expect, test } from 'vitest';
import { UsageError } from '../../../functions/job/errors.ts';
import { nextFiring } from '../../../infra/local/schedule-times.ts';

// A Wednesday.
const from = new Date('2026-07-15T12:34:56Z');

test.each([
  ['cron(0 6 * * ? *)', '2026-07-16T06:00:00.000Z'],
  ['cron(*/15 * * * ? *)', '2026-07-15T12:45:00.000Z'],
  // AWS counts weekdays from Sunday = 1.
  ['cron(0 6 ? * 1 *)', '2026-07-19T06:00:00.000Z'],
  ['cron(0 6 ? * 2-6 *)', '2026-07-16T06:00:00.000Z'],
  ['cron(0 6 ? * MON-FRI *)', '2026-07-16T06:00:00.000Z'],
  ['cron(0 6 ? * 6#3 *)', '2026-07-17T06:00:00.000Z'],
  ['cron(0 6 L * ? *)', '2026-07-31T06:00:00.000Z'],
  ['cron(0 6 1 1 ? 2030)', '2030-01-01T06:00:00.000Z'],
  ['rate(1 minute)', '2026-07-15T12:35:56.000Z'],
  ['rate(6 hours)', '2026-07-15T18:34:56.000Z'],
  ['rate(2 days)', '2026-07-17T12:34:56.000Z'],
  ['at(2026-12-24T18:00:00)', '2026-12-24T18:00:00.000Z'],
])('%s fires next at %s', (expression, expected) => {
  expect(nextFiring(expression, from)?.toISOString()).toBe(expected);
});

test.each(['at(2026-01-01T00:00:00)', 'cron(0 6 1 1 ? 2020)'])('%s never fires again', (expression) => {
  expect(nextFiring(expression, from)).toBeUndefined();
});

test.each([
  'daily',
  'cron(0 6 * * ?)',
  'cron(0 6 * * ? * *)',
  'cron(99 6 * * ? *)',
  'rate(0 minutes)',
  'rate(5 fortnights)',
  'at(tomorrow)',
])('%s is refused with an example of what would do', (expression) => {
  expect(() => nextFiring(expression, from)).toThrow(UsageError);
  expect(() => nextFiring(expression, from)).toThrow('cron(0 6 * * ? *)');
});
