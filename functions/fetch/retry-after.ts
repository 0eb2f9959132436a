/** A longer pause than a day is no pause: the host is treated as asking for a day. */
export const MAX_RETRY_AFTER_MS = 86_400_000;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** RFC 9110, section 5.6.7: IMF-fixdate, RFC 850 and asctime. */
const IMF = /^\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/i;
const RFC850 = /^\w{6,9}, (\d{2})-(\w{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/i;
const ASCTIME = /^\w{3} (\w{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/i;

/**
 * Reads a `Retry-After` value.
 *
 * @param value - seconds or an HTTP date in any of its three forms; anything else counts as absent.
 * @param nowMs - time of receipt, ms since the epoch.
 * @returns ms from now, 0 to {@link MAX_RETRY_AFTER_MS} (a date in the past is 0); `undefined` where there is no usable value.
 * @see RFC 9110, section 10.2.3 (Retry-After).
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, MAX_RETRY_AFTER_MS);
  const at = parseHttpDate(text, nowMs);
  return at === undefined ? undefined : Math.min(Math.max(0, at - nowMs), MAX_RETRY_AFTER_MS);
}

/**
 * @param nowMs - RFC 850 dates have two digits for the year: one that seems more than 50 years ahead is in the past (RFC 9110, section 5.6.7).
 * @returns ms since the epoch, or `undefined` for what is no HTTP date.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const imf = IMF.exec(text);
  if (imf) return utc(Number(imf[3]), imf[2], imf[1], imf.slice(4));
  const asctime = ASCTIME.exec(text);
  if (asctime) return utc(Number(asctime[6]), asctime[1], asctime[2], asctime.slice(3, 6));
  const old = RFC850.exec(text);
  if (!old) return undefined;
  const year = new Date(nowMs).getUTCFullYear();
  const guess = Math.floor(year / 100) * 100 + Number(old[3]);
  return utc(guess > year + 50 ? guess - 100 : guess, old[2], old[1], old.slice(4));
}

function utc(year: number, monthName = '', day = '', time: readonly string[] = []): number | undefined {
  const month = MONTHS.indexOf(monthName.toLowerCase());
  const [hours = 0, minutes = 0, seconds = 0] = time.map(Number);
  // 60 is a leap second.
  if (month < 0 || hours > 23 || minutes > 59 || seconds > 60) return undefined;
  const at = Date.UTC(year, month, Number(day), hours, minutes, seconds);
  return new Date(at).getUTCDate() === Number(day) || seconds === 60 ? at : undefined;
}
