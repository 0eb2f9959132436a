import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entrant } from './contestants.ts';
import { interleave, type Standing } from './interleave.ts';
import { agreement, readOverviews } from './overview.ts';
import { runProgram, type Measure } from './run-program.ts';

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

/** URLs of a run that comes before those measured. */
const FIRST_RUN_URLS = 20;

/**
 * Runs each program on the same file of URLs, in turn, and holds what they wrote against each other. Each has run once before, on a few of
 * them, as a program that is installed has: what it keeps of its compiled code is there.
 */
export async function compare(entrants: readonly Entrant[], comparison: Comparison): Promise<Result[]> {
  const written = new Map<Entrant, Map<string, string>>();
  const fewUrls = join(comparison.folder, 'few-urls.txt');
  writeFileSync(fewUrls, readFileSync(comparison.urlFile, 'utf8').split('\n').slice(0, FIRST_RUN_URLS).join('\n'));
  for (const entrant of entrants) await runOnce(entrant, { ...comparison, urlFile: fewUrls });
  const standings = await interleave(
    entrants.map((entrant) => ({
      name: entrant.name,
      async run() {
        const { measure, overviews } = await runOnce(entrant, comparison);
        written.set(entrant, overviews);
        return measure;
      },
    })),
    comparison.rounds,
  );
  const reference = written.get(entrants.find(({ parses }) => parses) as Entrant);
  return standings.map((standing, i) => {
    const entrant = entrants[i] as Entrant;
    const records = written.get(entrant) ?? new Map<string, string>();
    return { ...standing, entrant, records: records.size, same: entrant.parses && reference ? agreement(reference, records) : undefined };
  });
}

async function runOnce(entrant: Entrant, comparison: Comparison): Promise<{ measure: Measure; overviews: Map<string, string> }> {
  const folder = mkdtempSync(join(comparison.folder, 'run-'));
  const out = join(folder, 'records', 'out');
  mkdirSync(join(folder, 'records'));
  try {
    const measure = await runProgram(entrant.program({ ...comparison, folder, out }));
    return { measure, overviews: await readOverviews(out) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
