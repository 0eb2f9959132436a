import { isJobFile } from '../../functions/job/keys.ts';
import { describeProblem, type Problem } from '../local/problem.ts';
import { startLocalCloud, type LocalCloud, type LocalCloudOptions } from '../local/local-cloud.ts';
import { CommandFailure } from './command-failure.ts';
import { Bell } from './follow-job.ts';
import { Interrupted, listenForInterrupt } from './interrupt.ts';
import { printable } from './printable.ts';

/** A stop waits this long for slices to end; a slice takes five seconds and what it has in flight. */
const STOP_GRACE_MS = 15_000;
/** Problems told one by one; further ones are counted. */
const MAX_TOLD = 5;

export interface LocalSession {
  readonly cloud: LocalCloud;
  /** Rings when a summary has changed. */
  readonly bell: Bell;
  /** Ends with Ctrl-C, or when the local cloud cannot go on. */
  readonly signal: AbortSignal;
}

export type SessionOptions = Omit<LocalCloudOptions, 'onProblem' | 'onSummary'>;

/**
 * Runs something on a local cloud and stops the cloud afterwards, whatever happened.
 *
 * @param options.job - the job that the session is for: if its start is given up, the session ends.
 * @param say - takes messages for a person, one line each.
 * @throws {Interrupted} after Ctrl-C; {CommandFailure} if a function cannot be loaded or an upload was given up.
 */
export async function withLocalCloud<T>(
  options: SessionOptions,
  say: (line: string) => void,
  use: (session: LocalSession) => Promise<T>,
): Promise<T> {
  const interrupt = listenForInterrupt();
  const broken = new AbortController();
  const bell = new Bell();
  const told = new ProblemTeller(say);
  const cloud = await startLocalCloud({
    ...options,
    onSummary: () => bell.ring(),
    onProblem(problem) {
      if (isFinal(problem, options.job)) broken.abort(new CommandFailure(printable(describeProblem(problem))));
      else told.tell(problem);
    },
  });
  let graceMs = 0;
  try {
    const signal = AbortSignal.any([interrupt.signal, broken.signal]);
    // Whatever it waits for, be it a person who types URLs: the signal ends it.
    const result = await Promise.race([use({ cloud, bell, signal }), aborted(signal)]);
    await cloud.endWork();
    return result;
  } catch (error) {
    if (error instanceof Interrupted) {
      say('Stopping: what is under way is finished first (Ctrl-C again stops at once).');
      graceMs = STOP_GRACE_MS;
    }
    throw error;
  } finally {
    await cloud.stop(graceMs);
    interrupt.release();
    told.end(cloud.logFile);
  }
}

/** Nothing will come of it: a function cannot run at all, or the job's start was given up. */
function isFinal(problem: Problem, job: string | undefined): boolean {
  if (problem.kind === 'upload') return job !== undefined && isJobFile(problem.key, job);
  return problem.kind === 'function' && problem.failure.kind === 'load';
}

/** Says what went wrong and was mended, without flooding the screen. */
class ProblemTeller {
  readonly #say: (line: string) => void;
  #count = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  tell(problem: Problem): void {
    if (++this.#count > MAX_TOLD) return;
    const again = problem.kind === 'function' ? ' Its work is done again.' : '';
    this.#say(`${printable(describeProblem(problem))}.${again}`);
  }

  end(logFile: string | undefined): void {
    if (this.#count > MAX_TOLD) this.#say(`… and ${this.#count - MAX_TOLD} more such problems${logFile ? `; see ${logFile}` : ''}.`);
  }
}

/** @throws the signal's reason, as soon as it has one. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    // The reason is an error of ours: see `interrupt.ts`.
    const end = () => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
