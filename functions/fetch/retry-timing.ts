/** Ceiling of the first back-off, ms; it doubles with every attempt. */
export const BASE_RETRY_MS = 1_000;
/** Ceiling of every back-off, ms: SQS delays a message by 15 minutes at most, and a page worth having is worth an earlier look. */
export const MAX_RETRY_MS = 300_000;
/** Upper bound on what a server's own word can add, ms. */
const MAX_SERVER_WAIT_MS = 86_400_000;

/**
 * How long to wait before a request is tried again: exponential back-off with full jitter, and never sooner than the server asked.
 *
 * @param attempt - fetches made so far, at least 1.
 * @param context.retryAfterMs - the server's own word, ms from now; the jitter comes on top, so that a fleet does not return in step.
 * @param context.random - a number in [0, 1).
 * @returns ms, 0 to a day and {@link MAX_RETRY_MS}.
 */
export function retryDelayMs(attempt: number, context: { readonly retryAfterMs?: number | undefined; readonly random: number }): number {
  const ceiling = Math.min(MAX_RETRY_MS, BASE_RETRY_MS * 2 ** Math.min(30, Math.max(0, attempt - 1)));
  const asked = Math.min(MAX_SERVER_WAIT_MS, Math.max(0, context.retryAfterMs ?? 0));
  return Math.round(asked + ceiling * context.random);
}

/**
 * What is spent of the time that all attempts of a request have together: all that has passed since the first began, but for what its host
 * asked for. A pause is the host's wish, and no fault of the page.
 *
 * @param since - start of the first attempt, ms since the epoch, and how long the lane had been paused until then; without the latter no
 * pause is left out.
 * @param pausedMs - how long the lane has been paused until now.
 */
export function spentMs(since: { readonly sinceMs: number; readonly pausedMs?: number }, nowMs: number, pausedMs: number): number {
  // A lane that lost its state counts its pauses anew.
  const pauses = Math.max(0, pausedMs - (since.pausedMs ?? pausedMs));
  return Math.max(0, nowMs - since.sinceMs - pauses);
}

/** Whether another attempt may begin with so much of the time spent, ms. */
export function fitsBudget(spent: number, budgetMs: number): boolean {
  return spent <= budgetMs;
}

/** Idempotent methods (RFC 9110, section 9.2.2, and QUERY): sent twice they ask for the same as once. */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']);

/** Whether a request may be sent again when it is not known what became of the first. */
export function isRepeatable(method: string): boolean {
  return REPEATABLE.has(method.toUpperCase());
}
