import { OutOfTime, withinTime } from './time-limit.ts';

interface Turn {
  readonly timeMs: number;
  readonly run: () => void;
  readonly fail: (error: unknown) => void;
}

/** How long the first of a round waits for others, ms, and how many make a round that waits for no more. */
const GATHER_MS = 2;
const FULL_ROUND = 16;
/**
 * Turns that begin under one watchdog begin within this part of their time of each other, or this many ms, and each may take so much
 * longer than its time.
 */
const SPREAD = 0.01;
const LEAST_SPREAD_MS = 10;

let waiting: Turn[] = [];
let gathering: NodeJS.Timeout | undefined;

/**
 * Calls a function soon, and interrupts it when its time is up. What is asked for within a moment runs one after another under one
 * watchdog, whose thread costs more than reading a common page; the time of each is its own.
 *
 * @param timeMs - from the function's start, at least 1; it may get a hundredth more, or 10 ms.
 * @returns what the function returned.
 * @throws {OutOfTime} when time is up; else whatever the function throws.
 */
export function inTurn<T>(timeMs: number, run: () => T): Promise<Awaited<T>> {
  return new Promise((resolve, reject) => {
    waiting.push({
      timeMs,
      run: () => resolve(run() as Awaited<T>),
      fail: reject,
    });
    if (waiting.length === 1) gathering = setTimeout(runWaiting, GATHER_MS);
    else if (waiting.length === FULL_ROUND) setImmediate(runWaiting);
  });
}

function runWaiting(): void {
  clearTimeout(gathering);
  const turns = waiting;
  waiting = [];
  let at = 0;
  while (at < turns.length) at = runWatched(turns, at);
}

/** Runs the first turn from a place on, and those behind it that can share its watchdog. @returns the place of the next. */
function runWatched(turns: readonly Turn[], first: number): number {
  const { timeMs } = turns[first] as Turn;
  const spreadMs = Math.max(LEAST_SPREAD_MS, timeMs * SPREAD);
  let at = first;
  const run = (): void => {
    const startedMs = performance.now();
    for (; at < turns.length; at++) {
      const turn = turns[at] as Turn;
      // Who runs when the watchdog comes has begun within the spread and had its time: it never ends one for another's doing.
      if (at > first && (turn.timeMs !== timeMs || performance.now() - startedMs > spreadMs)) return;
      try {
        turn.run();
      } catch (error) {
        turn.fail(error);
      }
    }
  };
  try {
    withinTime(timeMs + spreadMs, run);
    return at;
  } catch (error) {
    turns[at]?.fail(error instanceof OutOfTime ? new OutOfTime() : error);
    return at + 1;
  }
}
