import type { Measure } from './run-program.ts';

/** One of the programs that are compared. */
export interface Contestant {
  readonly name: string;
  /** One whole run. */
  readonly run: () => Promise<Measure>;
}

/** The median of each figure over the rounds. */
export interface Standing extends Measure {
  readonly name: string;
  readonly runs: readonly Measure[];
}

/** Runs all contestants in turn, round after round, so that whatever else the machine does meets all of them alike. */
export async function interleave(contestants: readonly Contestant[], rounds: number): Promise<Standing[]> {
  const runs = contestants.map((): Measure[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { name, run }] of contestants.entries()) {
      const measure = await run();
      runs[i]?.push(measure);
      const seconds = (ms: number) => (ms / 1_000).toFixed(2);
      process.stderr.write(
        `round ${round + 1}: ${name}: ${seconds(measure.wallMs)} s, CPU ${seconds(measure.cpuMs)} s, ${Math.round(measure.peakRssMb)} MB\n`,
      );
    }
  }
  return contestants.map(({ name }, i) => ({ name, ...medians(runs[i] ?? []), runs: runs[i] ?? [] }));
}

function medians(runs: readonly Measure[]): Measure {
  return {
    wallMs: median(runs.map((run) => run.wallMs)),
    cpuMs: median(runs.map((run) => run.cpuMs)),
    peakRssMb: median(runs.map((run) => run.peakRssMb)),
    firstThreadsMs: median(runs.map((run) => run.firstThreadsMs)),
    workersMs: (runs[0]?.workersMs ?? []).map((_, i) => median(runs.map((run) => run.workersMs[i] ?? 0))),
  };
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle - 0.5)] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}
