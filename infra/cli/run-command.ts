import { Command } from 'commander';
import {
  allowPrivateOption,
  dataDirOption,
  jobOptions,
  proxiesOption,
  recipeOption,
  scraperOption,
  workersOption,
  type ProxiesFlag,
} from './option-values.ts';
import type { SetExitCode } from './exit-codes.ts';

export interface RunFlags {
  /** Absent: `page`, or the recipe's. */
  readonly scraper?: string;
  readonly recipe?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: true;
  readonly strict?: true;
  readonly allowPrivate?: true;
  readonly proxies?: ProxiesFlag;
  readonly dataDir: string;
  readonly workers?: number;
  readonly concurrency?: number;
  readonly delay?: number;
  readonly timeout?: number;
  readonly retries?: number;
  readonly giveUpAfter?: number;
  readonly maxBytes?: number;
  readonly maxDepth?: number;
  readonly maxRequests?: number;
  readonly robots?: 'obey' | 'ignore';
  readonly budget?: number;
}

export function runCommand(setExitCode: SetExitCode): Command {
  const command = new Command('run')
    .description('Scrape a list of URLs on this machine; results go to --out or to the standard output.')
    .argument(
      '[input...]',
      'a file of URLs (text, CSV, JSON Lines, sitemap; .gz too), URLs, or - for the standard input; none: what the scraper starts with',
    )
    .addOption(scraperOption())
    .addOption(recipeOption())
    .option('--out <file>', 'write the results here: .jsonl, .csv or .parquet')
    .option('--resume <job>', 'finish an interrupted job of the data directory')
    .option('--json', 'print the summary as JSON for machines, no progress')
    .option('--strict', 'exit with 1 if any request failed');
  for (const option of [...jobOptions(), workersOption(), dataDirOption(), allowPrivateOption(), proxiesOption()])
    command.addOption(option);
  return command.action(async (input: string[], flags: RunFlags) => {
    const { run } = await import('./run.ts');
    setExitCode(await run(input, flags));
  });
}
