import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Entrant } from './contestants.ts';
import { interleave, type Standing } from './interleave.ts';
import { agreement, readOverviews, type Overview } from './overview.ts';
import { runProgram } from './run-program.ts';

export interface Comparison {
  readonly urlFile: string;
  /** URLs in it. */
  readonly count: number;
  readonly concurrency: number;
  readonly rounds: number;
  /** For what the programs write. */
  readonly folder: string;
}

export interface Result extends Standing {
  readonly entrant: Entrant;
  /** Records of the last run; less than the URLs where requests failed. */
  readonly records: number;
  /** Those that say the same as the first program that parses; undefined for programs that do not. */
  readonly same: number | undefined;
}

/** Runs each program on the same file of URLs, in turn, and holds what they wrote against each other. */
export async function compare(entrants: readonly Entrant[], comparison: Comparison): Promise<Result[]> {
  const written = new Map<Entrant, Map<string, Overview>>();
  const standings = await interleave(
    entrants.map((entrant) => ({
      name: entrant.name,
      async run() {
        const folder = mkdtempSync(join(comparison.folder, 'run-'));
        const out = join(folder, 'records', 'out');
        mkdirSync(join(folder, 'records'));
        try {
          const measure = await runProgram(entrant.program({ ...comparison, folder, out }));
          written.set(entrant, readOverviews(out));
          return measure;
        } finally {
          rmSync(folder, { recursive: true });
        }
      },
    })),
    comparison.rounds,
  );
  const reference = written.get(entrants.find(({ parses }) => parses) as Entrant);
  return standings.map((standing, i) => {
    const entrant = entrants[i] as Entrant;
    const records = written.get(entrant) ?? new Map<string, Overview>();
    return { ...standing, entrant, records: records.size, same: entrant.parses && reference ? agreement(reference, records) : undefined };
  });
}
