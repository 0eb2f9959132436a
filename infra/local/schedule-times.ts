import { Cron } from 'croner';
import { UsageError } from '../../functions/job/errors.ts';

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * When a schedule fires next.
 *
 * @param expression - as EventBridge Scheduler takes it: `cron(minutes hours day month weekday year)`, `rate(5 minutes)`,
 * `at(2026-01-31T06:00:00)`; UTC.
 * @param from - the last firing, or when the schedule was set up: rates are counted from here.
 * @returns undefined when it never fires again.
 * @throws {UsageError} code `bad-schedule`.
 * @see EventBridge Scheduler User Guide, "Schedule types".
 */
export function nextFiring(expression: string, from: Date): Date | undefined {
  const [, kind, text = ''] = /^(cron|rate|at)\((.+)\)$/.exec(expression) ?? [];
  try {
    if (kind === 'cron') return new Cron(cronPattern(text), { timezone: 'UTC' }).nextRun(from) ?? undefined;
    if (kind === 'at') return new Cron(text, { timezone: 'UTC' }).nextRun(from) ?? undefined;
  } catch (error) {
    throw badSchedule(expression, error);
  }
  const [, count, unit] = /^(\d+) (minute|hour|day)s?$/.exec(text) ?? [];
  const everyMs = Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  if (kind !== 'rate' || !(everyMs > 0)) throw badSchedule(expression);
  return new Date(from.getTime() + everyMs);
}

function badSchedule(expression: string, cause?: unknown): UsageError {
  return new UsageError(
    'bad-schedule',
    `The schedule ${JSON.stringify(expression)} is none: write cron(…), rate(…) or at(…), such as "cron(0 6 * * ? *)".`,
    cause,
  );
}

/** AWS counts weekdays from 1 = Sunday and has a year; cron counts from 0 and begins, as croner has it, with seconds. */
function cronPattern(fields: string): string {
  const [minutes, hours, day, month, weekday, year, ...more] = fields.trim().split(/\s+/);
  if (year === undefined || more.length > 0) throw new TypeError(`A cron expression has six fields: ${fields}`);
  // The number of a weekday, but not that behind # (which of the month) or / (a step).
  const shifted = weekday?.replaceAll(/(?<![#/\d])\d/g, (n) => String(Number(n) - 1));
  return `0 ${minutes} ${hours} ${day} ${month} ${shifted} ${year}`;
}
