import { OutOfTime, withinTime } from './time-limit.ts';

interface Turn {
  readonly timeMs: number;
  readonly run: () => void;
  readonly fail: (error: unknown) => void;
}

/** Turns that begin under one watchdog begin within this of each other, and each may take so much longer than its time, ms. */
const SPREAD_MS = 10;

let waiting: Turn[] = [];

/**
 * Calls a function soon, and interrupts it when its time is up. What is asked for in one round of the event loop runs one after
 * another under one watchdog, whose thread costs more than reading a common page; the time of each is its own.
 *
 * @param timeMs - from the function's start, at least 1; it may get {@link SPREAD_MS} more.
 * @returns what the function returned.
 * @throws {OutOfTime} when time is up; else whatever the function throws.
 */
export function inTurn<T>(timeMs: number, run: () => T): Promise<Awaited<T>> {
  return new Promise((resolve, reject) => {
    if (waiting.length === 0) setImmediate(runWaiting);
    waiting.push({
      timeMs,
      run: () => resolve(run() as Awaited<T>),
      fail: reject,
    });
  });
}

function runWaiting(): void {
  const turns = waiting;
  waiting = [];
  let at = 0;
  while (at < turns.length) at = runWatched(turns, at);
}

/** Runs the first turn from a place on, and those behind it that can share its watchdog. @returns the place of the next. */
function runWatched(turns: readonly Turn[], first: number): number {
  const { timeMs } = turns[first] as Turn;
  let at = first;
  const run = (): void => {
    const startedMs = performance.now();
    for (; at < turns.length; at++) {
      const turn = turns[at] as Turn;
      // Who runs when the watchdog comes has begun within the spread and had its time: it never ends one for another's doing.
      if (at > first && (turn.timeMs !== timeMs || performance.now() - startedMs > SPREAD_MS)) return;
      try {
        turn.run();
      } catch (error) {
        turn.fail(error);
      }
    }
  };
  try {
    withinTime(timeMs + SPREAD_MS, run);
    return at;
  } catch (error) {
    turns[at]?.fail(error instanceof OutOfTime ? new OutOfTime() : error);
    return at + 1;
  }
}
