import { Script } from 'node:vm';

/** Where the script finds the function: `node:vm` limits scripts, not functions, and a script of this context sees the global object. */
const SLOT = Symbol.for('urldrop.within-time');
const slots = globalThis as { [SLOT]?: (() => void) | undefined };
const script = new Script(`globalThis[Symbol.for('urldrop.within-time')]()`);

/** The function was interrupted. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/**
 * Calls a function and interrupts it when its time is up: endless loops and runaway regular expressions included.
 *
 * What the function awaits runs after it has returned and is not covered; callers bound that by a clock of their own.
 * V8 stops the code wherever it is, without its `finally` blocks, so the function must own all state that it changes.
 * A call costs about 0.2 ms: the watchdog is a thread.
 *
 * @param timeMs - at least 1; a fraction counts as whole.
 * @throws {OutOfTime} when time is up; else whatever the function throws.
 */
export function withinTime<T>(timeMs: number, run: () => T): T {
  let result: { readonly value: T } | undefined;
  const outer = slots[SLOT];
  slots[SLOT] = () => {
    result = { value: run() };
  };
  try {
    script.runInThisContext({ timeout: Math.max(1, Math.ceil(timeMs)) });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new OutOfTime();
    throw error;
  } finally {
    slots[SLOT] = outer;
  }
  // The script has come to its end, so the function has.
  return (result as unknown as { readonly value: T }).value;
}
